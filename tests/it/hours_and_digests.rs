//! A chat's hours: digests, quiet hours, pauses, urgent topics, and what becomes of many alerts at once.
//! Time is an argument of the store, so days pass in milliseconds; the store is the real one.

use chrono::DateTime;
use tagwire::model::{ChatId, Follow, Label, PostId, PostTime, Preferences, Quiet, Rhythm};
use tagwire::store::{
    Announcements, Card, ChatRow, Claim, ClaimRules, Content, Correction, Decision, DeliveryFilter,
    Desk as _, Outbox, People, Presence, Release, Settled, SqliteStore, Store, StoryNote,
};

use crate::world::shanghai;

/// What rows are claimed by.
pub fn rules() -> ClaimRules {
    ClaimRules {
        oldest: 0,
        zone: shanghai(),
        fold_above: 20,
        fold_late_above: 5,
    }
}

const CHAT: ChatId = ChatId::Id(7);
const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600_000;

fn at(text: &str) -> i64 {
    let time = format!("2026-11-{text}:00+08:00");
    DateTime::parse_from_rfc3339(&time)
        .unwrap()
        .timestamp_millis()
}

fn card(name: &str) -> Card {
    Card {
        post: PostId::new(name),
        title: format!("标题{name}"),
        url: format!("http://news.example.cn{name}.html"),
        summary: "摘要。".into(),
        source: None,
        published: PostTime::from_parts(1_790_000_000, 8 * 3600).unwrap(),
        categories: Vec::new(),
        tags: Vec::new(),
        topics: vec![("recall".into(), "召回".into())],
        rules: Vec::new(),
        also: Vec::new(),
    }
}

/// A store in which chat 7 follows the site.
struct Desk {
    store: SqliteStore,
    folder: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("store.db"))
            .await
            .unwrap();
        let desk = Desk { store, folder };
        desk.meet(CHAT, Follow::Site).await;
        desk
    }

    async fn meet(&self, chat: ChatId, follow: Follow) {
        let row = ChatRow {
            chat,
            kind: "private".into(),
            title: String::new(),
            language: "zh".into(),
            suspended: None,
        };
        self.store.meet(&row, 0).await.unwrap();
        self.store.follow(&row.chat, &follow, 0).await.unwrap();
    }

    async fn wants(&self, preferences: Preferences) {
        assert!(
            self.store
                .set_preferences(&CHAT, &preferences)
                .await
                .unwrap()
        );
    }

    async fn announce(&self, names: &[&str], now: i64) {
        let decided: Vec<_> = names
            .iter()
            .map(|name| (card(name), Decision::Announce))
            .collect();
        self.store.announce(&decided, now).await.unwrap();
    }

    async fn claim(&self, now: i64) -> Option<Claim> {
        self.store.claim(now, 1, rules()).await.unwrap().pop()
    }

    async fn sent(&self, claim: &Claim, now: i64) {
        let sent = Settled::Sent {
            message_id: claim.delivery,
        };
        self.store.settle(claim.delivery, &sent, now).await.unwrap();
    }

    /// Certainly not sent; again a minute later.
    async fn put_back(&self, claim: &Claim, now: i64) {
        let retry = Settled::Retry {
            at: now + 60 * SECOND,
            reason: "no connection".into(),
        };
        let settled = self.store.settle(claim.delivery, &retry, now);
        settled.await.unwrap();
    }

    /// Telegram refuses it in every form.
    async fn refused(&self, claim: &Claim, now: i64) {
        let refused = Settled::Failed {
            reason: "no".into(),
        };
        let settled = self.store.settle(claim.delivery, &refused, now);
        settled.await.unwrap();
    }

    /// Everything that can go out from now on within an hour, as names of posts; digests in brackets.
    async fn all(&self, mut now: i64) -> Vec<String> {
        let end = now + HOUR;
        let mut said = Vec::new();
        while now < end {
            if let Some(claim) = self.claim(now).await {
                said.push(words(&claim));
                self.sent(&claim, now).await;
                continue;
            }
            match self.store.next_due().await.unwrap() {
                Some(due) => now = due.max(now + SECOND),
                None => break,
            }
        }
        said
    }

    async fn states(&self, name: &str) -> Vec<String> {
        let rows = self.store.deliveries_of(&PostId::new(name)).await.unwrap();
        rows.into_iter().map(|row| row.state).collect()
    }

    /// What becomes of a post, whose card is as it was.
    async fn becomes(&self, name: &str, presence: Presence, now: i64) {
        let correction = Correction {
            card: card(name),
            presence,
            is_held: false,
        };
        let edits = self.store.correct(&[correction], 0, HOUR, now).await;
        edits.unwrap();
    }

    /// `later` tells the same as `earlier`.
    async fn twins(&self, later: &str, earlier: &str) {
        let note = StoryNote {
            post: PostId::new(later),
            key: None,
            source: None,
            title: String::new(),
            text: String::new(),
            moved_from: None,
            twins: vec![PostId::new(earlier)],
            at: 0,
        };
        self.store.note_stories(&[note], 0).await.unwrap();
    }

    /// As after a kill: the same file, opened anew.
    async fn again(self) -> Self {
        let Desk { store, folder } = self;
        store.close().await;
        let store = SqliteStore::open(&folder.path().join("store.db"))
            .await
            .unwrap();
        Desk { store, folder }
    }
}

fn words(claim: &Claim) -> String {
    match &claim.content {
        Content::Alert(card) => card.post.to_string(),
        Content::Digest(cards) => {
            let names: Vec<&str> = cards.iter().map(|card| card.post.as_str()).collect();
            format!("[{}]", names.join(" "))
        }
        Content::Edit { card, .. } => format!("edit {}", card.post),
        Content::Notice(text) => text.clone(),
    }
}

fn daily(hours: &str) -> Preferences {
    Preferences {
        rhythm: hours.parse().unwrap(),
        ..Preferences::default()
    }
}

fn quiet(hours: &str) -> Preferences {
    Preferences {
        quiet: Some(hours.parse::<Quiet>().unwrap()),
        ..Preferences::default()
    }
}

#[tokio::test]
async fn a_daily_digest_has_everything_since_the_last_one_in_order() {
    let desk = Desk::new().await;
    desk.wants(daily("8,18")).await;
    desk.announce(&["/a", "/b"], at("23T09:00")).await;
    assert!(desk.claim(at("23T09:00")).await.is_none());
    assert_eq!(desk.store.next_due().await.unwrap(), Some(at("23T18:00")));
    desk.announce(&["/c"], at("23T17:59")).await;
    let desk = desk.again().await;
    assert!(desk.claim(at("23T17:59")).await.is_none());
    assert_eq!(desk.all(at("23T18:00")).await, ["[/a /b /c]"]);
    assert_eq!(desk.states("/b").await, ["sent"]);
    desk.announce(&["/d"], at("23T20:00")).await;
    assert!(desk.all(at("23T20:00")).await.is_empty());
    assert_eq!(
        desk.all(at("24T08:00")).await,
        ["/d"],
        "one post needs no digest"
    );
}

#[tokio::test]
async fn a_digest_that_a_crash_cut_off_loses_no_post_and_sends_none_in_two() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a", "/b"], at("23T09:00")).await;
    let claim = desk.claim(at("24T08:00")).await.unwrap();
    assert_eq!(words(&claim), "[/a /b]");
    assert_eq!(desk.states("/a").await, ["held"]);
    let desk = desk.again().await;
    assert_eq!(desk.store.recover(true, at("24T08:01")).await.unwrap(), 1);
    desk.announce(&["/c"], at("24T08:02")).await;
    assert_eq!(
        desk.all(at("24T08:02")).await,
        ["[/a /b]"],
        "the same digest once more"
    );
    assert_eq!(desk.all(at("25T08:00")).await, ["/c"]);
    assert_eq!(desk.states("/a").await, ["sent"]);
}

#[tokio::test]
async fn a_digest_of_unknown_fate_takes_its_posts_with_it() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a", "/b"], at("23T09:00")).await;
    desk.claim(at("24T08:00")).await.unwrap();
    desk.store.recover(false, at("24T08:01")).await.unwrap();
    assert_eq!(desk.states("/a").await, ["unknown"]);
    assert!(desk.all(at("25T08:00")).await.is_empty());
}

#[tokio::test]
async fn quiet_hours_hold_alerts_and_many_come_as_one() {
    let desk = Desk::new().await;
    desk.wants(quiet("22:00-07:00")).await;
    desk.announce(&["/a"], at("23T21:00")).await;
    assert_eq!(desk.all(at("23T21:00")).await, ["/a"]);
    desk.announce(&["/b", "/c"], at("23T23:00")).await;
    assert!(desk.all(at("23T23:00")).await.is_empty());
    assert_eq!(desk.store.next_due().await.unwrap(), Some(at("24T07:00")));
    assert_eq!(
        desk.all(at("24T07:00")).await,
        ["/b", "/c"],
        "a few come by themselves"
    );
    let many = ["/1", "/2", "/3", "/4", "/5", "/6"];
    desk.announce(&many, at("24T23:00")).await;
    assert_eq!(desk.all(at("25T07:00")).await, ["[/1 /2 /3 /4 /5 /6]"]);
}

#[tokio::test]
async fn what_a_chat_changes_counts_for_what_waits() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a"], at("23T09:00")).await;
    assert!(desk.claim(at("23T09:00")).await.is_none());
    desk.wants(Preferences::default()).await;
    assert_eq!(desk.all(at("23T09:01")).await, ["/a"]);
    let forever = Preferences {
        paused_until: Some(i64::MAX),
        ..Preferences::default()
    };
    desk.wants(forever).await;
    desk.announce(&["/b"], at("23T12:00")).await;
    assert!(desk.all(at("23T12:00")).await.is_empty());
    desk.wants(Preferences::default()).await;
    assert_eq!(desk.all(at("23T14:00")).await, ["/b"]);
}

#[tokio::test]
async fn urgent_topics_pass_quiet_hours_for_those_who_follow_them() {
    let desk = Desk::new().await;
    let topic = Follow::Label(Label::topic("recall"));
    desk.store
        .set_urgent_topics(&["recall".into()])
        .await
        .unwrap();
    desk.wants(quiet("22:00-07:00")).await;
    desk.announce(&["/a"], at("23T23:00")).await;
    assert!(
        desk.all(at("23T23:00")).await.is_empty(),
        "it follows the site, not the topic"
    );
    desk.store.follow(&CHAT, &topic, 0).await.unwrap();
    desk.announce(&["/b"], at("24T01:00")).await;
    assert_eq!(desk.all(at("24T01:00")).await, ["/b"]);
    assert_eq!(desk.all(at("24T07:00")).await, ["/a"]);
}

#[tokio::test]
async fn more_than_a_minutes_worth_becomes_digests_of_like_size_in_order() {
    let desk = Desk::new().await;
    let names: Vec<String> = (10..45).map(|number| format!("/{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    desk.announce(&names[..20], at("23T09:00")).await;
    assert_eq!(
        desk.all(at("23T09:00")).await,
        names[..20],
        "twenty come by themselves"
    );
    desk.announce(&names[20..], at("23T11:00")).await;
    desk.announce(&["/a", "/b", "/c", "/d", "/e", "/f"], at("23T11:00"))
        .await;
    desk.announce(&["/g"], at("23T11:00") + SECOND).await;
    let said = desk.all(at("23T11:00") + SECOND).await;
    assert_eq!(said.len(), 1, "{said:?}");
    let none = ClaimRules {
        fold_above: 0,
        ..rules()
    };
    desk.announce(&["/h", "/i"], at("24T11:00")).await;
    let claims = desk.store.claim(at("25T11:00"), 9, none).await.unwrap();
    assert_eq!(words(&claims[0]), "/h", "nobody wants digests");
}

#[tokio::test]
async fn forty_posts_after_an_outage_are_two_digests_and_newer_ones_follow_them() {
    let desk = Desk::new().await;
    let names: Vec<String> = (10..50).map(|number| format!("/{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    desk.announce(&names, at("23T09:00")).await;
    let late = at("23T12:00");
    let first = desk.claim(late).await.unwrap();
    let Content::Digest(cards) = &first.content else {
        panic!("{first:?}")
    };
    assert_eq!(cards.len(), 20);
    desk.announce(&["/new"], late).await;
    let retry = Settled::Retry {
        at: late + 5 * SECOND,
        reason: "no connection".into(),
    };
    desk.store
        .settle(first.delivery, &retry, late)
        .await
        .unwrap();
    let said = desk.all(late).await;
    let folded = |names: &[&str]| format!("[{}]", names.join(" "));
    assert_eq!(
        said,
        [folded(&names[..20]), folded(&names[20..]), "/new".into()]
    );
}

#[tokio::test]
async fn what_goes_away_while_a_digest_waits_is_not_in_it() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a", "/b", "/c"], at("23T09:00")).await;
    let claim = desk.claim(at("24T08:00")).await.unwrap();
    desk.put_back(&claim, at("24T08:00")).await;
    desk.becomes("/b", Presence::Gone, at("24T08:00")).await;
    assert_eq!(desk.all(at("24T08:01")).await, ["[/a /c]"]);
    assert_eq!(desk.states("/b").await, ["skipped"]);
}

#[tokio::test]
async fn held_posts_can_go_out_as_one_digest() {
    let desk = Desk::new().await;
    let hold = || Decision::Hold("many".into());
    let decided = [(card("/a"), hold()), (card("/b"), hold())];
    desk.store.announce(&decided, at("23T09:00")).await.unwrap();
    let released = desk
        .store
        .release_held(Release::Digest, i64::MAX, at("23T10:00"))
        .await;
    assert_eq!(released.unwrap(), 2);
    assert_eq!(desk.all(at("23T10:00")).await, ["[/a /b]"]);
}

#[tokio::test]
async fn a_chat_that_is_gone_takes_its_digest_with_it_and_comes_back_without() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a", "/b"], at("23T09:00")).await;
    let claim = desk.claim(at("24T08:00")).await.unwrap();
    let gone = Settled::ChatGone {
        reason: "blocked".into(),
    };
    desk.store
        .settle(claim.delivery, &gone, at("24T08:00"))
        .await
        .unwrap();
    assert_eq!(desk.states("/a").await, ["skipped"]);
    desk.meet(CHAT, Follow::Site).await;
    assert!(desk.all(at("24T09:00")).await.is_empty());
    assert_eq!(
        desk.store.preferences(&CHAT).await.unwrap().rhythm,
        Rhythm::Daily(vec![8])
    );
}

#[tokio::test]
async fn a_group_that_moves_keeps_its_hours_and_its_digest() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a", "/b"], at("23T09:00")).await;
    let claim = desk.claim(at("24T08:00")).await.unwrap();
    let moved = Settled::Moved { to: ChatId::Id(-8) };
    desk.store
        .settle(claim.delivery, &moved, at("24T08:00"))
        .await
        .unwrap();
    let claim = desk.claim(at("24T08:01")).await.unwrap();
    assert_eq!(
        (words(&claim).as_str(), claim.chat),
        ("[/a /b]", ChatId::Id(-8))
    );
    assert!(claim.preferences.wants_digests());
}

#[tokio::test]
async fn a_thousand_quiet_chats_hold_up_nobody() {
    let desk = Desk::new().await;
    for id in 100..1_100 {
        desk.meet(ChatId::Id(id), Follow::Site).await;
        let wishes = quiet("22:00-07:00");
        desk.store
            .set_preferences(&ChatId::Id(id), &wishes)
            .await
            .unwrap();
    }
    desk.announce(&["/a"], at("23T23:00")).await;
    let mut said = Vec::new();
    for step in 0..10 {
        let claims = desk
            .store
            .claim(at("23T23:00") + step, 64, rules())
            .await
            .unwrap();
        said.extend(claims.iter().map(|claim| claim.chat.clone()));
    }
    assert_eq!(said, [CHAT]);
    let filter = DeliveryFilter {
        state: Some("pending".into()),
        limit: 2_000,
        ..DeliveryFilter::default()
    };
    assert_eq!(desk.store.deliveries(&filter).await.unwrap().len(), 1_000);
    assert_eq!(desk.store.next_due().await.unwrap(), Some(at("24T07:00")));
}

#[tokio::test]
async fn a_word_to_everybody_behind_the_one_alert_of_a_digest_stops_nobody() {
    let desk = Desk::new().await;
    desk.wants(daily("8,11")).await;
    desk.announce(&["/a"], at("23T10:05")).await;
    desk.meet(ChatId::Id(8), Follow::Site).await;
    let told = desk.store.broadcast("word", "大家好", at("23T10:20")).await;
    assert_eq!(told.unwrap(), 2);
    assert_eq!(desk.all(at("23T10:20")).await, ["大家好", "/a", "大家好"]);
}

#[tokio::test]
async fn a_word_to_everybody_rings_in_no_quiet_hour() {
    let desk = Desk::new().await;
    desk.wants(quiet("22:00-07:00")).await;
    let told = desk.store.broadcast("word", "大家好", at("23T23:00")).await;
    assert_eq!(told.unwrap(), 1);
    assert!(desk.all(at("23T23:00")).await.is_empty());
    assert_eq!(desk.all(at("24T07:00")).await, ["大家好"]);
}

#[tokio::test]
async fn an_urgent_alert_passes_the_quiet_hours_and_waits_for_the_end_of_a_pause() {
    let desk = Desk::new().await;
    let topic = Follow::Label(Label::topic("recall"));
    let urgent = ["recall".to_owned()];
    desk.store.set_urgent_topics(&urgent).await.unwrap();
    desk.store.follow(&CHAT, &topic, 0).await.unwrap();
    let paused = Preferences {
        paused_until: Some(at("25T00:00")),
        ..Preferences::default()
    };
    desk.wants(paused.clone()).await;
    desk.announce(&["/a"], at("23T12:00")).await;
    assert!(desk.claim(at("23T12:00")).await.is_none());
    assert_eq!(desk.store.next_due().await.unwrap(), Some(at("25T00:00")));
    desk.wants(Preferences::default()).await;
    assert_eq!(desk.all(at("23T13:00")).await, ["/a"], "it goes on");
    desk.wants(paused).await;
    desk.announce(&["/b"], at("23T14:00")).await;
    assert!(desk.claim(at("23T14:00")).await.is_none());
    assert_eq!(desk.all(at("25T00:00")).await, ["/b"], "the pause is over");
}

#[tokio::test]
async fn what_may_be_in_the_chat_already_comes_by_itself_and_in_no_digest() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a"], at("23T09:00")).await;
    let claim = desk.claim(at("24T08:00")).await.unwrap();
    let unknown = Settled::Unknown {
        at: at("24T08:01"),
        reason: "no answer".into(),
        resend: true,
    };
    let settled = desk.store.settle(claim.delivery, &unknown, at("24T08:00"));
    settled.await.unwrap();
    desk.announce(&["/b", "/c"], at("23T10:00")).await;
    assert_eq!(desk.all(at("24T08:01")).await, ["/a", "[/b /c]"]);
}

#[tokio::test]
async fn a_twin_goes_out_for_a_post_that_never_did_and_the_story_comes_once() {
    let desk = Desk::new().await;
    desk.wants(quiet("22:00-07:00")).await;
    desk.twins("/y", "/x").await;
    desk.announce(&["/x", "/y"], at("23T23:00")).await;
    assert_eq!(desk.states("/y").await, ["skipped"]);
    desk.becomes("/x", Presence::Gone, at("23T23:30")).await;
    assert_eq!(desk.states("/y").await, ["pending"]);
    desk.becomes("/x", Presence::Shown, at("23T23:40")).await;
    assert_eq!(desk.all(at("24T07:00")).await, ["/y"]);
    assert_eq!(desk.states("/x").await, ["skipped"]);
}

#[tokio::test]
async fn a_twin_that_is_gone_itself_stays_away() {
    for presence in [Presence::Gone, Presence::Withdrawn] {
        let desk = Desk::new().await;
        desk.wants(quiet("22:00-07:00")).await;
        desk.twins("/y", "/x").await;
        desk.announce(&["/x", "/y"], at("23T23:00")).await;
        desk.becomes("/y", presence, at("23T23:10")).await;
        desk.becomes("/x", Presence::Gone, at("23T23:20")).await;
        assert!(desk.all(at("24T07:00")).await.is_empty());
    }
}

#[tokio::test]
async fn of_three_twins_one_goes_out_for_a_post_that_telegram_refuses() {
    let desk = Desk::new().await;
    for (later, earlier) in [("/y", "/x"), ("/z", "/x")] {
        desk.twins(later, earlier).await;
    }
    desk.announce(&["/x", "/y", "/z"], at("23T12:00")).await;
    let claim = desk.claim(at("23T12:00")).await.unwrap();
    desk.refused(&claim, at("23T12:00")).await;
    assert_eq!(desk.all(at("23T12:01")).await, ["/y"]);
}

#[tokio::test]
async fn when_the_second_of_three_twins_is_refused_too_the_third_goes_out() {
    let desk = Desk::new().await;
    // The third was compared with the first alone.
    for (later, earlier) in [("/y", "/x"), ("/z", "/x")] {
        desk.twins(later, earlier).await;
    }
    desk.wants(quiet("22:00-07:00")).await;
    desk.announce(&["/x", "/y", "/z"], at("23T23:00")).await;
    let waiting = desk.store.waiting().await.unwrap();
    let waiting: Vec<&str> = waiting.iter().map(|card| card.post.as_str()).collect();
    assert_eq!(waiting, ["/x", "/y", "/z"], "each may go out yet");
    for (name, then) in [("/x", "/y"), ("/y", "/z")] {
        desk.becomes(name, Presence::Gone, at("23T23:30")).await;
        assert_eq!(desk.states(then).await, ["pending"]);
    }
    assert_eq!(desk.all(at("24T07:00")).await, ["/z"]);
}

#[tokio::test]
async fn a_post_that_comes_back_may_be_in_a_second_digest() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a", "/b", "/c"], at("23T09:00")).await;
    let claim = desk.claim(at("24T08:00")).await.unwrap();
    desk.put_back(&claim, at("24T08:00")).await;
    desk.becomes("/a", Presence::Gone, at("24T08:00")).await;
    assert_eq!(desk.all(at("24T08:01")).await, ["[/b /c]"]);
    desk.becomes("/a", Presence::Shown, at("24T09:30")).await;
    desk.announce(&["/d"], at("24T09:31")).await;
    assert_eq!(desk.all(at("25T08:00")).await, ["[/a /d]"]);
    assert_eq!(desk.states("/a").await, ["sent"]);
}

#[tokio::test]
async fn a_post_that_comes_back_out_of_a_digest_has_a_message_of_its_own_which_is_edited() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a", "/b"], at("23T09:00")).await;
    let claim = desk.claim(at("24T08:00")).await.unwrap();
    desk.put_back(&claim, at("24T08:00")).await;
    desk.becomes("/a", Presence::Gone, at("24T08:00")).await;
    assert_eq!(desk.all(at("24T08:01")).await, ["[/b]"]);
    desk.becomes("/a", Presence::Shown, at("24T09:30")).await;
    assert_eq!(desk.all(at("25T08:00")).await, ["/a"]);
    desk.becomes("/a", Presence::Withdrawn, at("25T08:10"))
        .await;
    assert_eq!(desk.all(at("25T08:10")).await, ["edit /a"]);
}

#[tokio::test]
async fn what_was_put_off_for_long_is_still_compared_and_is_not_too_old_when_it_comes_back() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a", "/b"], at("03T09:00")).await;
    desk.becomes("/a", Presence::Gone, at("03T10:00")).await;
    let known = desk.store.recent(at("20T09:00")).await.unwrap();
    let names: Vec<&str> = known.iter().map(|known| known.card.post.as_str()).collect();
    assert_eq!(names, ["/a", "/b"], "gone, and waiting");
    desk.becomes("/b", Presence::Gone, at("20T09:00")).await;
    desk.becomes("/a", Presence::Shown, at("20T09:00")).await;
    let rules = ClaimRules {
        oldest: at("18T08:00"),
        ..rules()
    };
    let claims = desk.store.claim(at("21T08:00"), 9, rules).await.unwrap();
    assert_eq!(claims.iter().map(words).collect::<Vec<_>>(), ["/a"]);
}

#[tokio::test]
async fn what_the_config_said_of_a_chat_moves_with_it_and_is_forgotten_with_it() {
    let desk = Desk::new().await;
    let config = daily("8");
    desk.store.configure(&CHAT, &config).await.unwrap();
    desk.wants(Preferences::default()).await;
    let new = ChatId::Id(-8);
    desk.store.move_chat(&CHAT, &new).await.unwrap();
    desk.store.configure(&new, &config).await.unwrap();
    let kept = desk.store.preferences(&new).await.unwrap();
    assert_eq!(kept.rhythm, Rhythm::AtOnce, "its people changed it");
    desk.store.forget(&new).await.unwrap();
    desk.meet(new.clone(), Follow::Site).await;
    desk.store.configure(&new, &config).await.unwrap();
    let kept = desk.store.preferences(&new).await.unwrap();
    assert_eq!(kept.rhythm, config.rhythm, "it is a new chat");
}

#[tokio::test]
async fn a_twin_goes_out_for_a_post_whose_label_the_chat_gave_up() {
    let desk = Desk::new().await;
    let topic = Follow::Label(Label::topic("recall"));
    desk.store.follow(&CHAT, &topic, 0).await.unwrap();
    desk.store.unfollow(&CHAT, &Follow::Site).await.unwrap();
    let mut other = card("/y");
    other.tags.push("抽检".into());
    let tag = Follow::Label(Label::tag("抽检"));
    desk.store.follow(&CHAT, &tag, 0).await.unwrap();
    desk.wants(quiet("22:00-07:00")).await;
    desk.twins("/y", "/x").await;
    let decided = [
        (card("/x"), Decision::Announce),
        (other, Decision::Announce),
    ];
    desk.store.announce(&decided, at("23T23:00")).await.unwrap();
    assert_eq!(desk.states("/y").await, ["skipped"]);
    desk.store.unfollow(&CHAT, &topic).await.unwrap();
    assert_eq!(desk.all(at("24T07:00")).await, ["/y"]);
}

#[tokio::test]
async fn a_twin_in_a_digest_that_telegram_refuses_gives_way_to_the_other() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.twins("/y", "/x").await;
    desk.announce(&["/x", "/y", "/z"], at("23T12:00")).await;
    let claim = desk.claim(at("24T08:00")).await.unwrap();
    assert_eq!(words(&claim), "[/x /z]");
    desk.refused(&claim, at("24T08:00")).await;
    assert_eq!(desk.all(at("25T08:00")).await, ["/y"]);
}

#[tokio::test]
async fn a_held_post_whose_twin_went_out_is_told_to_nobody_twice() {
    let desk = Desk::new().await;
    let held = [(card("/x"), Decision::Hold("many".into()))];
    desk.store.announce(&held, at("23T12:00")).await.unwrap();
    desk.twins("/y", "/x").await;
    desk.announce(&["/y"], at("23T12:01")).await;
    assert_eq!(desk.all(at("23T12:01")).await, ["/y"]);
    let released = desk
        .store
        .release_held(Release::Announce, i64::MAX, at("23T13:00"));
    assert_eq!(released.await.unwrap(), 1);
    assert!(desk.all(at("23T13:00")).await.is_empty());
    assert_eq!(desk.states("/x").await, ["skipped"]);
}

#[tokio::test]
async fn a_held_post_that_is_gone_waits_until_it_is_back_and_goes_out_as_it_is_then() {
    let desk = Desk::new().await;
    let held = [(card("/x"), Decision::Hold("many".into()))];
    desk.store.announce(&held, at("23T12:00")).await.unwrap();
    let mut known = desk.store.recent(at("24T12:00")).await.unwrap();
    assert!(known[0].is_held, "however long ago");
    known[0].presence = Presence::Gone;
    let corrected = desk.store.correct(&known, 0, HOUR, at("23T12:10"));
    corrected.await.unwrap();
    assert!(desk.store.held(9).await.unwrap().is_empty());
    let released = desk
        .store
        .release_held(Release::Announce, i64::MAX, at("23T13:00"));
    assert_eq!(released.await.unwrap(), 0);
    known[0].presence = Presence::Shown;
    known[0].card.title = "更正".into();
    let corrected = desk.store.correct(&known, 0, HOUR, at("23T13:10"));
    corrected.await.unwrap();
    let released = desk
        .store
        .release_held(Release::Announce, i64::MAX, at("23T14:00"));
    assert_eq!(released.await.unwrap(), 1);
    let claim = desk.claim(at("23T14:00")).await.unwrap();
    let Content::Alert(card) = claim.content else {
        panic!("{claim:?}")
    };
    assert_eq!(card.title, "更正");
}

#[tokio::test]
async fn a_message_that_shows_its_post_already_is_not_edited() {
    let desk = Desk::new().await;
    desk.announce(&["/a"], at("23T12:00")).await;
    assert_eq!(desk.all(at("23T12:00")).await, ["/a"]);
    desk.becomes("/a", Presence::Gone, at("23T12:10")).await;
    desk.becomes("/a", Presence::Shown, at("23T12:20")).await;
    assert!(desk.all(at("23T12:20")).await.is_empty());
    assert_eq!(desk.states("/a").await, ["sent"]);
    desk.becomes("/a", Presence::Withdrawn, at("23T12:30"))
        .await;
    assert_eq!(desk.all(at("23T12:30")).await, ["edit /a"]);
    desk.becomes("/a", Presence::Gone, at("23T12:40")).await;
    desk.becomes("/a", Presence::Shown, at("23T12:50")).await;
    assert_eq!(desk.all(at("23T12:50")).await, ["edit /a"]);
}

#[tokio::test]
async fn what_people_changed_stays_until_the_config_says_something_else() {
    let desk = Desk::new().await;
    let channels = [(CHAT, vec![Follow::Site])];
    desk.store.unfollow(&CHAT, &Follow::Site).await.unwrap();
    desk.store.sync_channels(&channels, "zh", 5).await.unwrap();
    let config = daily("8");
    desk.store.configure(&CHAT, &config).await.unwrap();
    let theirs = Preferences {
        rhythm: Rhythm::Hourly,
        zone: Some("Asia/Tokyo".parse().unwrap()),
        ..Preferences::default()
    };
    desk.wants(theirs.clone()).await;
    assert!(desk.store.mute(&CHAT, &Follow::Site, true).await.unwrap());
    // The next start.
    desk.store.sync_channels(&channels, "zh", 10).await.unwrap();
    desk.store.configure(&CHAT, &config).await.unwrap();
    assert_eq!(desk.store.preferences(&CHAT).await.unwrap(), theirs);
    assert_eq!(desk.store.muted(&CHAT).await.unwrap(), [Follow::Site]);
    let followers = desk.store.followers(&[Follow::Site]).await.unwrap();
    assert_eq!(followers[0].since, 5);
    desk.store.configure(&CHAT, &daily("9")).await.unwrap();
    let now = desk.store.preferences(&CHAT).await.unwrap();
    assert_eq!(
        (now.rhythm, now.zone),
        (Rhythm::Daily(vec![9]), theirs.zone)
    );
    desk.store.sync_channels(&[], "zh", 10).await.unwrap();
    assert!(desk.store.following(&CHAT).await.unwrap().is_empty());
}

#[tokio::test]
async fn it_is_known_since_when_a_chat_gets_messages_again() {
    let desk = Desk::new().await;
    let since = async || {
        let followers = desk.store.followers(&[Follow::Site]).await.unwrap();
        followers[0].active_since
    };
    desk.meet(CHAT, Follow::Site).await;
    assert_eq!(since().await, 0);
    desk.store.suspend(&CHAT, "blocked", 5).await.unwrap();
    let row = desk.store.chat(&CHAT).await.unwrap().unwrap();
    for now in [10, 20] {
        desk.store.meet(&row, now).await.unwrap();
        assert_eq!(since().await, 10);
    }
}

#[tokio::test]
async fn a_digest_of_what_is_muted_alone_comes_without_a_sound() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    assert!(desk.store.mute(&CHAT, &Follow::Site, true).await.unwrap());
    desk.announce(&["/a", "/b"], at("23T09:00")).await;
    assert!(desk.claim(at("23T09:00")).await.is_none());
    let digest = desk.claim(at("24T08:00")).await.unwrap();
    assert_eq!(words(&digest), "[/a /b]");
    assert!(digest.preferences.silent);
    desk.sent(&digest, at("24T08:00")).await;
    assert!(desk.store.mute(&CHAT, &Follow::Site, false).await.unwrap());
    desk.announce(&["/c", "/d"], at("24T09:00")).await;
    assert!(desk.claim(at("24T09:00")).await.is_none());
    let digest = desk.claim(at("25T08:00")).await.unwrap();
    assert!(!digest.preferences.silent);
}

#[tokio::test]
async fn a_digest_does_not_outlive_the_time_that_its_alerts_may_wait() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a", "/b"], at("23T09:00")).await;
    assert!(desk.claim(at("23T09:00")).await.is_none());
    let digest = desk.claim(at("24T08:00")).await.unwrap();
    let closed = Settled::ChatPaused {
        reason: "not enough rights".into(),
        until: at("24T09:00"),
    };
    let settled = desk.store.settle(digest.delivery, &closed, at("24T08:00"));
    settled.await.unwrap();
    let late = ClaimRules {
        oldest: at("24T12:00"),
        ..rules()
    };
    let claims = desk.store.claim(at("24T12:00"), 1, late).await.unwrap();
    assert!(claims.is_empty());
    assert_eq!(desk.states("/a").await, ["skipped"]);
    assert_eq!(desk.states("/b").await, ["skipped"]);
}

#[tokio::test]
async fn an_alert_under_way_as_its_post_went_is_not_tried_again() {
    let desk = Desk::new().await;
    desk.announce(&["/a", "/b"], at("23T09:00")).await;
    let claim = desk.claim(at("23T09:00")).await.unwrap();
    desk.becomes("/a", Presence::Withdrawn, at("23T09:01"))
        .await;
    desk.put_back(&claim, at("23T09:02")).await;
    assert_eq!(desk.all(at("23T09:03")).await, ["/b"]);
    assert_eq!(desk.states("/a").await, ["skipped", "skipped"]);
    desk.becomes("/a", Presence::Shown, at("23T10:10")).await;
    assert_eq!(desk.all(at("23T10:11")).await, ["/a"]);
}

#[tokio::test]
async fn a_message_that_was_taken_back_comes_again_with_its_post() {
    let desk = Desk::new().await;
    desk.twins("/y", "/x").await;
    desk.announce(&["/a", "/x", "/y"], at("23T09:00")).await;
    assert_eq!(desk.all(at("23T09:00")).await, ["/a", "/x"]);
    for (name, now) in [("/a", at("23T09:30")), ("/x", at("23T09:31"))] {
        desk.becomes(name, Presence::Withdrawn, now).await;
        let claim = desk.claim(now).await.unwrap();
        assert_eq!(words(&claim), format!("edit {name}"));
        let taken = Settled::TakenBack;
        let settled = desk.store.settle(claim.delivery, &taken, now);
        settled.await.unwrap();
    }
    assert_eq!(desk.states("/a").await, ["skipped", "sent"]);
    // Its twin tells the story in its place.
    assert_eq!(desk.all(at("23T09:32")).await, ["/y"]);
    for name in ["/a", "/x"] {
        desk.becomes(name, Presence::Shown, at("23T12:00")).await;
    }
    assert_eq!(desk.all(at("23T12:01")).await, ["/a"]);
}

#[tokio::test]
async fn what_waited_too_long_does_not_make_its_twin_younger() {
    for rhythm in [Preferences::default(), daily("8")] {
        let desk = Desk::new().await;
        let paused = Preferences {
            paused_until: Some(at("28T09:00")),
            ..rhythm
        };
        desk.wants(paused).await;
        desk.twins("/y", "/x").await;
        desk.announce(&["/x", "/y", "/z"], at("20T07:00")).await;
        let late = ClaimRules {
            oldest: at("27T00:00"),
            ..rules()
        };
        for hour in ["28T09:00", "29T08:00"] {
            let claims = desk.store.claim(at(hour), 1, late).await.unwrap();
            assert!(claims.is_empty(), "{claims:?}");
        }
        assert_eq!(desk.states("/x").await, ["skipped"]);
        assert_eq!(desk.states("/y").await, ["skipped"]);
    }
}

#[tokio::test]
async fn what_was_planned_while_the_clock_ran_ahead_comes_at_the_next_hour_of_the_right_one() {
    let desk = Desk::new().await;
    desk.wants(daily("8")).await;
    desk.announce(&["/a", "/b"], at("28T07:00")).await;
    desk.store.clock_went_back(at("23T07:30")).await.unwrap();
    assert!(desk.claim(at("23T07:30")).await.is_none());
    let claim = desk.claim(at("23T08:00")).await.unwrap();
    assert_eq!(words(&claim), "[/a /b]");
}

#[tokio::test]
async fn a_group_that_moved_keeps_its_language_and_no_message_of_before_is_edited() {
    let desk = Desk::new().await;
    let group = ChatId::Id(-8);
    desk.meet(group.clone(), Follow::Site).await;
    desk.store.set_language(&group, "en").await.unwrap();
    desk.announce(&["/a"], at("23T09:00")).await;
    desk.all(at("23T09:00")).await;
    // What it became met the bot before Telegram told that it moved.
    let moved = ChatId::Id(-1_000_000_000_008);
    desk.meet(moved.clone(), Follow::Site).await;
    desk.store.move_chat(&group, &moved).await.unwrap();
    let mut changed = card("/a");
    changed.title = "改了".into();
    let corrections = [Correction {
        card: changed,
        presence: Presence::Shown,
        is_held: false,
    }];
    let edits = desk.store.correct(&corrections, 0, HOUR, at("23T09:30"));
    assert_eq!(edits.await.unwrap(), 2);
    let mut edited = Vec::new();
    while let Some(claim) = desk.claim(at("23T09:30")).await {
        desk.sent(&claim, at("23T09:30")).await;
        edited.push(claim.chat);
    }
    assert_eq!(edited, [CHAT], "a supergroup counts its messages anew");
    desk.announce(&["/b"], at("23T11:00")).await;
    let claims = desk.store.claim(at("23T11:00"), 2, rules()).await.unwrap();
    let moved = claims.iter().find(|claim| claim.chat == moved);
    assert_eq!(moved.unwrap().language, "en");
}

#[tokio::test]
async fn words_of_ones_own_are_forgotten_wherever_they_are_kept() {
    let desk = Desk::new().await;
    let words = |name: &str| Follow::Label(Label::new(tagwire::model::LabelKind::Words, name));
    for (chat, name) in [(7, "我的病"), (7, "抽检"), (8, "抽检")] {
        desk.meet(ChatId::Id(chat), words(name)).await;
    }
    let mut met = card("/a");
    met.rules = vec!["我的病".into(), "抽检".into()];
    let decided = [(met, Decision::Announce), (card("/b"), Decision::Announce)];
    desk.store.announce(&decided, at("23T09:00")).await.unwrap();
    desk.store.forget(&CHAT).await.unwrap();
    let kept = desk.store.card(&PostId::new("/a")).await.unwrap().unwrap();
    assert_eq!(kept.rules, ["抽检"]);
    assert_eq!(
        (kept.title, kept.topics),
        (card("/a").title, card("/a").topics)
    );
    desk.store.forget(&ChatId::Id(8)).await.unwrap();
    let kept = desk.store.card(&PostId::new("/a")).await.unwrap().unwrap();
    assert!(kept.rules.is_empty());
}
