//! The nouns that every room shares. Nothing flows in or out here: plain data,
//! no input or output, no serde (each edge keeps its own wire structs), no clock.
//! Every other room may import from here; this room imports from none.

mod chat;
mod label;
mod nearest;
pub mod pinyin;
mod post;
mod preferences;
mod problem;
mod site;
pub mod time;
mod wording;
pub mod zone;

pub use chat::{ChatId, InvalidChatId};
pub use label::{Follow, InvalidFollow, Label, LabelKind};
pub use nearest::{is_slip, meant_key, nearest};
pub use post::{DateSource, Post, PostId};
pub use preferences::{InvalidHours, Length, Preferences, Quiet, Rhythm};
pub use problem::{Problem, Severity};
pub use site::Site;
pub use time::PostTime;
pub use wording::{counted, in_words};
pub use zone::{InvalidZone, Zone};
