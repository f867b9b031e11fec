//! Which chats got a post, and where it stopped for the others.
//! In: what the store decided, who follows the post's labels, and the outbox. Out: one fate a chat; pure.

use std::collections::BTreeMap;

use crate::model::{ChatId, Follow};
use crate::store::{DeliveryRow, Follower, Millis};

/// What the store says about a post.
#[derive(Default)]
pub(super) struct Sent {
    /// The decision and its reason.
    pub decision: Option<(String, Option<String>)>,
    /// Other sources of the same story, with their addresses.
    pub also: Vec<(String, String)>,
    /// When it was made.
    pub decided_at: Option<Millis>,
    pub deliveries: Vec<DeliveryRow>,
    /// Who follows the site, one of the post's labels, or words of their own that it has, today.
    pub followers: Vec<Follower>,
}

/// What became of a post for one chat.
pub(super) struct Fate {
    pub chat: ChatId,
    /// What it follows of the post's labels; empty when it no longer does.
    pub follows: Vec<Follow>,
    /// The row of the outbox, if there is one.
    pub row: Option<DeliveryRow>,
    /// The stage at which it stopped, without a row.
    pub stopped: Option<String>,
}

impl Sent {
    /// One fate for each chat: first those with a row, in the order of the outbox.
    pub fn fates(&self) -> Vec<Fate> {
        let mut chats: BTreeMap<String, Vec<&Follower>> = BTreeMap::new();
        for follower in &self.followers {
            let list = chats.entry(follower.chat.to_string()).or_default();
            list.push(follower);
        }
        let alerts = self.deliveries.iter().filter(|row| row.kind == "alert");
        let mut fates: Vec<Fate> = alerts
            .map(|row| {
                let followers = chats.remove(&row.chat.to_string()).unwrap_or_default();
                Fate {
                    chat: row.chat.clone(),
                    follows: followers.iter().map(|f| f.follow.clone()).collect(),
                    row: Some(row.clone()),
                    stopped: None,
                }
            })
            .collect();
        for followers in chats.into_values() {
            let Some(first) = followers.first() else {
                continue;
            };
            fates.push(Fate {
                chat: first.chat.clone(),
                follows: followers.iter().map(|f| f.follow.clone()).collect(),
                row: None,
                stopped: Some(self.why_not(&followers)),
            });
        }
        fates
    }

    /// Why a chat that follows the post has no row.
    fn why_not(&self, followers: &[&Follower]) -> String {
        let (decision, reason) = match &self.decision {
            None => return "the post is not decided about yet".to_owned(),
            Some((decision, reason)) => (decision.as_str(), reason.as_deref()),
        };
        match decision {
            "known" => return "the post was there before the first start, or counts as told since a restore"
                    .to_owned(),
            "held" => {
                let reason = reason.unwrap_or("an admin decides");
                return format!("the post is held: {reason}");
            }
            "dismissed" => return "an admin dismissed the post".to_owned(),
            _ => {}
        }
        if let Some(reason) = followers.iter().find_map(|f| f.suspended.as_ref()) {
            return format!("the chat is suspended: {reason}");
        }
        let since = followers.iter().map(|f| f.since).min();
        match (since, self.decided_at) {
            (Some(since), Some(at)) if since >= at => {
                "it followed after the post was announced".to_owned()
            }
            (_, Some(at)) if followers.iter().any(|f| f.active_since > at) => {
                "the chat was suspended when the post was announced".to_owned()
            }
            _ => "the post did not carry this label when it was announced".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follower(chat: &str, follow: &str, since: Millis, suspended: Option<&str>) -> Follower {
        Follower {
            chat: chat.parse().unwrap(),
            follow: follow.parse().unwrap(),
            since,
            active_since: 0,
            suspended: suspended.map(str::to_owned),
        }
    }

    fn sent(decision: Option<&str>, followers: Vec<Follower>) -> Sent {
        Sent {
            decision: decision.map(|d| (d.to_owned(), None)),
            also: Vec::new(),
            decided_at: Some(100),
            deliveries: Vec::new(),
            followers,
        }
    }

    fn why(decision: Option<&str>, follower: Follower) -> String {
        let fates = sent(decision, vec![follower]).fates();
        fates[0].stopped.clone().unwrap()
    }

    #[test]
    fn each_stage_has_its_words() {
        let active = || follower("1", "site", 50, None);
        for (decision, follower, words) in [
            (None, active(), "not decided"),
            (Some("known"), active(), "before the first start"),
            (Some("held"), active(), "is held"),
            (Some("dismissed"), active(), "dismissed"),
            (
                Some("announced"),
                follower("1", "site", 50, Some("blocked")),
                "suspended: blocked",
            ),
            (
                Some("announced"),
                follower("1", "site", 100, None),
                "after the post",
            ),
            (Some("announced"), active(), "did not carry"),
            (
                Some("announced"),
                Follower {
                    active_since: 150,
                    ..active()
                },
                "was suspended when",
            ),
        ] {
            let told = why(decision, follower);
            assert!(told.contains(words), "{decision:?}: {told}");
        }
    }

    #[test]
    fn a_chat_that_follows_twice_has_one_fate() {
        let followers = vec![
            follower("1", "site", 50, None),
            follower("1", "tag:a", 150, None),
        ];
        let fates = sent(Some("announced"), followers).fates();
        assert_eq!(fates.len(), 1);
        assert_eq!(fates[0].follows.len(), 2);
        assert!(fates[0].stopped.as_ref().unwrap().contains("did not carry"));
    }
}
