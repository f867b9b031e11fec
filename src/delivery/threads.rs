//! Forum topics: where in a group a post goes, and what happens when the topic is gone.
//! In: a claimed row, Telegram's answer. Out: the topic; a word to the group, once, and another try.

use crate::model::{ChatId, Follow};
use crate::store::{Claim, Content, Millis, Settled, Store};
use crate::telegram::{Outcome, is_thread_gone};

/// The forum topic for an alert or a digest, as the subscriptions of its group say. A store that cannot be asked costs
/// the place, never the message.
pub async fn of(store: &dyn Store, claim: &Claim) -> Option<i64> {
    let cards = match &claim.content {
        Content::Alert(card) => std::slice::from_ref(card.as_ref()),
        Content::Digest(cards) => cards.as_slice(),
        _ => return None,
    };
    // Only supergroups have topics, and their ids are negative.
    if !matches!(claim.chat, ChatId::Id(id) if id < 0) {
        return None;
    }
    let mut threads = Vec::new();
    for card in cards {
        let follows: Vec<Follow> = card.follows().collect();
        match store.thread_of(&claim.chat, &follows).await {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                tracing::warn!(%error, chat = %claim.chat, "the topic of a message cannot be read");
                return None;
            }
        }
    }
    // A digest of posts for several topics goes to that of the oldest: the general one may be closed.
    let all: Option<Vec<i64>> = threads.into_iter().collect();
    all?.first().copied()
}

/// When Telegram says that the topic is gone: its subscriptions go to the general topic, the group is told
/// once, and the row is tried again there.
pub async fn gone(
    store: &dyn Store,
    claim: &Claim,
    thread: Option<i64>,
    outcome: &Outcome,
    now: Millis,
) -> Option<Settled> {
    let (Some(thread), Outcome::Refused { reason }) = (thread, outcome) else {
        return None;
    };
    if !is_thread_gone(reason) {
        return None;
    }
    let word = match claim.language.as_str() {
        "zh" => {
            "原来接收摘要的话题已关闭或删除，之后的摘要发到这里。在别的话题里发送 /follow 可以换地方。"
        }
        _ => {
            "The topic that got summaries is closed or deleted; they come here from now on. Send /follow in another topic to move them."
        }
    };
    let key = format!("topic-{thread}-gone");
    let done = async {
        store.close_thread(&claim.chat, thread).await?;
        store.notice(&key, &claim.chat, word, now).await
    };
    if let Err(error) = done.await {
        // Without it the row would be tried in the same place for ever; a simpler form goes there too.
        tracing::error!(%error, chat = %claim.chat, thread, "a closed topic cannot be written");
        return None;
    }
    Some(Settled::Retry {
        at: now,
        reason: reason.clone(),
    })
}
