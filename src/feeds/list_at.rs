//! Where a list of all feeds lies, if there is one.
//! In: `feeds.opml` and `feeds.index` of the config. Out: an address, or none; everything else is refused.

use serde::{Deserialize, Serialize};

/// Where a list of all feeds lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Spelled", into = "Spelled")]
pub enum ListAt {
    /// At this address below `publish.dir`, with its leading `/`.
    Address(String),
    /// `false`: there is none.
    Nowhere,
}

/// The same as the config writes it.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "an address that starts with `/`, or false")]
enum Spelled {
    Wanted(bool),
    Address(String),
}

impl TryFrom<Spelled> for ListAt {
    type Error = &'static str;

    fn try_from(spelled: Spelled) -> Result<Self, Self::Error> {
        match spelled {
            Spelled::Wanted(false) => Ok(ListAt::Nowhere),
            Spelled::Address(address) if address.starts_with('/') => Ok(ListAt::Address(address)),
            _ => Err("this must be an address that starts with `/`, or false"),
        }
    }
}

impl From<ListAt> for Spelled {
    fn from(list: ListAt) -> Self {
        match list {
            ListAt::Address(address) => Spelled::Address(address),
            ListAt::Nowhere => Spelled::Wanted(false),
        }
    }
}

impl ListAt {
    /// At this address.
    pub fn of(address: &str) -> Self {
        ListAt::Address(address.to_owned())
    }

    /// Its address; `None` where there is none.
    pub fn address(&self) -> Option<&str> {
        match self {
            ListAt::Address(address) => Some(address),
            ListAt::Nowhere => None,
        }
    }
}
