//! tagwire: a folder of Jekyll posts in; RSS, Atom and JSON feeds and Telegram messages out.
//!
//! Read the rooms in this order, which is also the direction in which data flows:
//!
//! 1. [`model`] the nouns: `Post`, `PostId`, `Label`, `ChatId`; plain data.
//! 2. [`config`] the settings, loaded and validated once.
//! 3. [`posts`] a folder of files becomes posts and problems.
//! 4. [`topics`] and [`summary`] what a post is about, and in how few words; pure.
//! 5. [`catalog`] the derived index: may be deleted at any time.
//! 6. [`feeds`] and [`publish`] posts become bytes, bytes become files.
//! 7. [`store`] the precious data: subscribers, outbox, what was announced.
//! 8. [`delivery`] and [`telegram`] outbox rows become messages.
//! 9. [`pipeline`] the whole flow in one short function; [`push`] carries its files further: bucket, command, hubs.
//! 10. [`bot`], [`http`], [`cli`] and [`app`] the edges where people and programs come in.
//!
//! [`crash`] is no room: places at which tests of debug builds let the process die.

pub mod app;
pub mod bot;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod crash;
pub mod delivery;
pub mod feeds;
pub mod http;
pub mod model;
pub mod pipeline;
pub mod posts;
pub mod publish;
pub mod push;
pub mod store;
pub mod summary;
pub mod telegram;
pub mod topics;
