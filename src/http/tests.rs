//! Real requests over real sockets.
