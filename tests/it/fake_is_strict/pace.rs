//! Rate limits: by a clock of the test's own, and once for each over HTTP.

use std::time::{Duration, Instant};

use serde_json::json;
use teloxide::RequestError;
use teloxide::prelude::{Request, Requester};
use teloxide::types::ChatId;

use super::{Client, teloxide_for};
use crate::fake_telegram::FakeTelegram;
use crate::fake_telegram::pace::Pace;

const PRIVATE: bool = true;
const GROUP: bool = false;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn a_private_chat_bears_a_burst_of_three_and_then_one_a_second() {
    let mut pace = Pace::default();
    let start = Instant::now();
    for _ in 0..3 {
        assert_eq!(pace.message(7, PRIVATE, start), Ok(()));
    }
    assert_eq!(pace.message(7, PRIVATE, start), Err(1));
    assert_eq!(pace.message(8, PRIVATE, start), Ok(()), "another chat");
    assert_eq!(pace.message(7, PRIVATE, start + ms(900)), Err(1));
    // A refused message costs nothing: the next one is due a second after the burst.
    assert_eq!(pace.message(7, PRIVATE, start + ms(1001)), Ok(()));
    assert_eq!(pace.message(7, PRIVATE, start + ms(1002)), Err(1));
    // A long silence earns a burst of three again, and no more.
    let later = start + ms(60_000);
    let burst: Vec<_> = (0..4).map(|_| pace.message(7, PRIVATE, later)).collect();
    assert_eq!(burst, [Ok(()), Ok(()), Ok(()), Err(1)]);
}

#[test]
fn a_group_bears_twenty_messages_a_minute_and_twenty_edits_besides() {
    let mut pace = Pace::default();
    let start = Instant::now();
    for number in 0..20 {
        let now = start + ms(number * 1000);
        assert_eq!(pace.message(-5, GROUP, now), Ok(()));
        assert_eq!(pace.edit(-5, GROUP, now), Ok(()));
    }
    assert_eq!(pace.message(-5, GROUP, start + ms(19_500)), Err(41));
    assert_eq!(pace.edit(-5, GROUP, start + ms(19_500)), Err(41));
    assert_eq!(pace.message(-6, GROUP, start + ms(19_500)), Ok(()));
    assert_eq!(pace.message(-5, GROUP, start + ms(59_999)), Err(1));
    assert_eq!(pace.message(-5, GROUP, start + ms(60_000)), Ok(()));
    assert_eq!(pace.message(-5, GROUP, start + ms(60_001)), Err(1));
    for _ in 0..100 {
        assert_eq!(pace.edit(7, PRIVATE, start), Ok(()), "edits in private");
    }
}

#[test]
fn all_chats_together_bear_thirty_messages_a_second() {
    let mut pace = Pace::default();
    let start = Instant::now();
    for chat in 1..=30 {
        assert_eq!(pace.message(chat, PRIVATE, start + ms(10)), Ok(()));
    }
    assert_eq!(pace.message(31, PRIVATE, start + ms(1009)), Err(1));
    assert_eq!(pace.message(-5, GROUP, start + ms(1009)), Err(1));
    assert_eq!(pace.message(31, PRIVATE, start + ms(1010)), Ok(()));
    pace.off = true;
    for _ in 0..100 {
        assert_eq!(pace.message(7, PRIVATE, start), Ok(()));
    }
}

/// Sends until it is refused; gives how many messages went through, and the seconds to wait.
async fn send_until_refused(client: &Client, chats: impl Iterator<Item = i64>) -> (usize, u64) {
    for (sent, chat) in chats.enumerate() {
        let answer = client.say(chat, "x").await;
        if answer.code == 200 {
            continue;
        }
        let wait = answer.json()["parameters"]["retry_after"].as_u64();
        let wait = wait.expect("seconds to wait");
        let words = format!("Too Many Requests: retry after {wait}");
        let body = answer.refusal(429, &words);
        assert_eq!(body["parameters"], json!({ "retry_after": wait }));
        return (sent, wait);
    }
    panic!("never refused");
}

#[tokio::test]
async fn a_flooded_private_chat_answers_429() {
    let fake = FakeTelegram::start();
    fake.forgive_unread();
    fake.add_user(7, "Li", "zh");
    fake.user_starts(7);
    let client = Client::new(&fake);
    let (sent, wait) = send_until_refused(&client, std::iter::repeat_n(7, 100)).await;
    assert!(sent >= 3, "{sent}");
    assert_eq!((fake.messages(7).len(), wait), (sent, 1));
    fake.without_limits(true);
    client.say(7, "x").await.result();
    fake.without_limits(false);
    let bot = teloxide_for(&fake);
    let refused = loop {
        if let Err(refused) = bot.send_message(ChatId(7), "x").send().await {
            break refused;
        }
    };
    assert!(matches!(refused, RequestError::RetryAfter(wait) if wait.seconds() == 1));
    assert!(fake.take_violations().is_empty());
}

#[tokio::test]
async fn a_flooded_group_answers_429_to_messages_and_edits() {
    let fake = FakeTelegram::start();
    fake.forgive_unread();
    fake.add_group(-5, "Reading circle");
    let client = Client::new(&fake);
    let (sent, wait) = send_until_refused(&client, std::iter::repeat_n(-5, 21)).await;
    assert_eq!(sent, 20);
    assert!((1..=60).contains(&wait), "{wait}");
    let message_id = fake.messages(-5)[0].message_id;
    let edit = |number: i32| {
        let params = json!({ "chat_id": -5, "message_id": message_id, "text": number.to_string() });
        client.call("editMessageText", params)
    };
    for number in 0..20 {
        edit(number).await.result();
    }
    assert_eq!(edit(20).await.code, 429);
    assert_eq!(fake.messages(-5)[0].text, "19");
}

#[tokio::test]
async fn a_flood_to_many_chats_answers_429() {
    let fake = FakeTelegram::start();
    fake.forgive_unread();
    for group in 1..=1000 {
        fake.add_group(-group, "Reading circle");
    }
    let client = Client::new(&fake);
    let (sent, wait) = send_until_refused(&client, (1..=1000).map(|group| -group)).await;
    assert!(sent >= 30, "{sent}");
    assert_eq!(wait, 1);
}
