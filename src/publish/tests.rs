//! The folder against crashes, strangers and itself.
