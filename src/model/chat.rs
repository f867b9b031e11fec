//! Telegram chats as we name them: a numeric id, or a public channel's @name.
//! In: texts from configs, databases and updates. Out: ids that Telegram can hold.

use std::fmt;
use std::str::FromStr;

/// A chat that messages go to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChatId {
    /// Users are positive, groups negative, channels and supergroups below -1000000000000.
    /// At most 52 significant bits (Bot API, type Chat).
    Id(i64),
    /// `@channelname`, as `sendMessage` takes it; kept with its `@`.
    Name(String),
}

/// A text that cannot be a Telegram chat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no Telegram chat: write its numeric id, or `@name` for a public channel or group"
)]
pub struct InvalidChatId(pub String);

const LARGEST: u64 = 1 << 52;

impl ChatId {
    /// True for chats with Telegram's limit of 20 messages a minute: groups, supergroups, channels.
    pub fn is_group_or_channel(&self) -> bool {
        match self {
            ChatId::Id(id) => *id < 0,
            ChatId::Name(_) => true,
        }
    }
}

impl From<i64> for ChatId {
    fn from(id: i64) -> Self {
        ChatId::Id(id)
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChatId::Id(id) => write!(f, "{id}"),
            ChatId::Name(name) => f.write_str(name),
        }
    }
}

impl FromStr for ChatId {
    type Err = InvalidChatId;

    fn from_str(text: &str) -> Result<Self, InvalidChatId> {
        let text = text.trim();
        let invalid = || InvalidChatId(text.to_owned());
        if let Some(name) = text.strip_prefix('@') {
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if plain && (4..=32).contains(&name.len()) {
                return Ok(ChatId::Name(text.to_owned()));
            }
            return Err(invalid());
        }
        match text.parse::<i64>() {
            Ok(id) if id != 0 && id.unsigned_abs() < LARGEST => Ok(ChatId::Id(id)),
            _ => Err(invalid()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_told_apart_and_checked() {
        assert_eq!("-1001234567890".parse(), Ok(ChatId::Id(-1001234567890)));
        assert_eq!(
            "@tagwire_demo".parse(),
            Ok(ChatId::Name("@tagwire_demo".into()))
        );
        for bad in [
            "-9223372036854775808",
            "0",
            "9007199254740993",
            "@a b",
            "@x",
            "somebody",
            "",
        ] {
            assert!(bad.parse::<ChatId>().is_err(), "{bad}");
        }
    }
}
