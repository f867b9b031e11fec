//! Published files go further: compressed copies, a command, hubs, a bucket.

mod bucket;
mod command;
mod copies;
mod hub;
mod hubs;
mod s3rver;
