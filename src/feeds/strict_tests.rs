//! Feeds as strict parsers see them.
