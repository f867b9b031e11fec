//! A sent message follows its post: corrected, withdrawn, back again; and the outbox can be read.

use crate::fake_telegram::{Fault, Only};
use crate::world::{World, far_hour, today};

const CHAT: i64 = -1_001_234_567_890;

/// A channel that follows the site, and a change is edited at once.
fn world(delivery: &str) -> World {
    let world = World::new().with_telegram().config(&format!(
        "telegram: {{channels: [{{chat: {CHAT}, follow: [site]}}]}}\ndelivery: {{correct_after_seconds: 0{delivery}}}\n"
    ));
    world.telegram().add_channel(CHAT, Some("news"), "测试快讯");
    world
}

fn post(world: &World, title: &str, body: &str) {
    // The date stays as it is, or the post would be another one.
    world.post("2026-11-20-a.md", &today(title, "demo", "演示", body));
}

/// The post says `published: false` from now on; what it was before.
fn withdraw(world: &World) -> String {
    let content = world.read("posts/2026-11-20-a.md");
    let withdrawn = content.replacen("---\n", "---\npublished: false\n", 1);
    world.post("2026-11-20-a.md", &withdrawn);
    content
}

#[test]
fn a_message_is_edited_when_its_post_changes() {
    let world = world("");
    let daemon = world.start();
    post(&world, "抽检结果", "合格率九成。");
    let sent = world.telegram().next_message(CHAT);
    assert!(
        sent.text.starts_with("抽检结果\n\n合格率九成。"),
        "{}",
        sent.text
    );
    post(&world, "抽检结果（更正）", "合格率八成。");
    let edited = world.telegram().next_edit(&sent);
    assert!(
        edited.text.starts_with("抽检结果（更正）\n\n合格率八成。"),
        "{}",
        edited.text
    );
    assert_eq!(edited.button("阅读全文"), sent.button("阅读全文"));
    assert!(daemon.terminate().success());
    assert_eq!(world.telegram().messages(CHAT).len(), 1);
}

#[test]
fn a_withdrawn_post_is_struck_through_and_comes_back() {
    let world = world("");
    let daemon = world.start();
    post(&world, "误发的消息", "正文。");
    let sent = world.telegram().next_message(CHAT);
    let content = withdraw(&world);
    let struck = world.telegram().next_edit(&sent);
    assert_eq!(struck.text, "误发的消息\n\n原文已撤回。");
    assert!(struck.buttons().is_empty());
    world.post("2026-11-20-a.md", &content);
    let back = world.telegram().next_edit(&struck);
    assert_eq!(back.text, sent.text);
    assert!(daemon.terminate().success());
}

#[test]
fn a_withdrawn_post_takes_its_message_away_when_the_config_says_so() {
    let world = world(", withdrawn: delete");
    let daemon = world.start();
    post(&world, "误发的消息", "正文。");
    let sent = world.telegram().next_message(CHAT);
    let content = withdraw(&world);
    world.telegram().wait_until_deleted(&sent);
    // With the post the message comes back, too.
    world.post("2026-11-20-a.md", &content);
    assert_eq!(world.telegram().next_message(CHAT).text, sent.text);
    assert!(daemon.terminate().success());
}

#[test]
fn a_withdrawal_in_a_round_that_broke_off_is_made_good_by_the_next() {
    let world = world("");
    let daemon = world.start();
    post(&world, "误发的消息", "正文。");
    let sent = world.telegram().next_message(CHAT);
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    store
        .busy_timeout(std::time::Duration::from_secs(10))
        .unwrap();
    store
        .execute_batch(
            "create trigger broken before update of card on announcements
             begin select raise(fail, 'not now'); end",
        )
        .unwrap();
    withdraw(&world);
    daemon.wait_for_output("not now");
    store.execute_batch("drop trigger broken").unwrap();
    let struck = world.telegram().next_edit(&sent);
    assert_eq!(struck.text, "误发的消息\n\n原文已撤回。");
    assert!(daemon.terminate().success());
}

#[test]
fn a_change_that_happens_while_tagwire_is_down_is_made_good_at_the_next_start() {
    let world = world("");
    let daemon = world.start();
    post(&world, "抽检结果", "合格率九成。");
    let sent = world.telegram().next_message(CHAT);
    assert!(daemon.terminate().success());
    post(&world, "抽检结果（更正）", "合格率八成。");
    // Even when the index is gone.
    world.delete("var/catalog.db");
    let daemon = world.start();
    let edited = world.telegram().next_edit(&sent);
    assert!(
        edited.text.starts_with("抽检结果（更正）"),
        "{}",
        edited.text
    );
    assert!(daemon.terminate().success());
    world.telegram().expect_no_more_messages();
}

#[test]
fn an_edit_that_telegram_refuses_for_good_stops_nothing() {
    let world = world("");
    let daemon = world.start();
    post(&world, "抽检结果", "合格率九成。");
    let sent = world.telegram().next_message(CHAT);
    world.telegram().fail_next(
        Fault::BadRequest("message to edit not found".into()),
        Only::method("editMessageText"),
        1,
    );
    post(&world, "抽检结果（更正）", "合格率八成。");
    daemon.wait_for_output("message to edit not found");
    world.post(
        "2026-11-20-b.md",
        &today("下一条", "demo", "演示", "正文。"),
    );
    assert!(world.telegram().next_message(CHAT).text.contains("下一条"));
    assert!(daemon.terminate().success());
    assert_eq!(world.telegram().messages(CHAT)[0].text, sent.text);
    let listed = world.run(&["deliveries", "--state", "skipped", "--json"], 0);
    let row: serde_json::Value = serde_json::from_str(listed.trim()).unwrap();
    assert_eq!(row["kind"], "edit");
    assert!(
        row["reason"]
            .as_str()
            .unwrap()
            .contains("message to edit not found"),
        "{row}"
    );
    let all = world.run(&["deliveries", "--chat", &CHAT.to_string()], 0);
    assert_eq!(all.lines().count(), 3, "{all}");
    world.run(&["deliveries", "--state", "failed"], 1);
}

#[test]
fn what_a_chat_stopped_following_is_not_sent_to_it() {
    let world = world("");
    let telegram = world.telegram();
    let daemon = world.start();
    telegram.fail_next(Fault::DOWN, Only::method("sendMessage"), 1000);
    post(&world, "还没发出的", "正文。");
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("还没发出的"));
    daemon.wait_for_output("deliveries=1");
    daemon.kill9();
    telegram.take_faults();
    let before = telegram.messages(CHAT).len();
    let world = world.config(&format!(
        "telegram: {{channels: [{{chat: {CHAT}, follow: ['tag:别的']}}]}}\n"
    ));
    let daemon = world.start();
    daemon.wait_for_output("does not follow this any more");
    assert!(daemon.terminate().success());
    assert_eq!(world.telegram().messages(CHAT).len(), before);
}

#[test]
fn one_run_corrects_at_once_and_says_when_it_has_to_wait() {
    let world = World::new().with_telegram().config(&format!(
        "telegram: {{channels: [{{chat: {CHAT}, follow: [site]}}]}}\ndelivery: {{correct_after_seconds: 3600}}\n"
    ));
    world.telegram().add_channel(CHAT, Some("news"), "测试快讯");
    world.run(&["once"], 0);
    post(&world, "抽检结果", "合格率九成。");
    world.run(&["once"], 0);
    let sent = world.telegram().next_message(CHAT);
    post(&world, "抽检结果（更正）", "合格率八成。");
    let said = world.run(&["once", "--json"], 0);
    assert!(!said.contains("seconds until"), "{said}");
    world.telegram().next_edit(&sent);
    let wait = Fault::TooManyRequests {
        retry_after: 8,
        parameters: true,
    };
    world.telegram().fail_next(wait, Only::chat(CHAT), 1);
    world.post(
        "2026-11-20-b.md",
        &today("下一条", "demo", "演示", "正文。"),
    );
    let said = world.run(&["once", "--json"], 0);
    let waits = said
        .matches("seconds until the next message may go")
        .count();
    assert!(waits > 2, "{said}");
    assert!(world.telegram().next_message(CHAT).text.contains("下一条"));
}

#[test]
fn a_deleted_file_cancels_what_waits_and_brings_it_back_with_itself() {
    let world = World::new().with_telegram().config(&format!(
        "telegram: {{channels: [{{chat: {CHAT}, follow: [site], digest: '{}'}}]}}\nposts: {{delete_grace_seconds: 0}}\n",
        far_hour()
    ));
    world.telegram().add_channel(CHAT, None, "测试快讯");
    let daemon = world.start();
    post(&world, "抽检结果", "合格率九成。");
    world.settled_but(0, 1);
    world.rename("posts/2026-11-20-a.md", "a.md");
    world.settled_but(0, 0);
    world.rename("a.md", "posts/2026-11-20-a.md");
    world.settled_but(0, 1);
    assert!(daemon.terminate().success());
}

#[test]
fn a_deleted_file_leaves_the_message_that_was_sent() {
    let world = World::new().with_telegram().config(&format!(
        "telegram: {{channels: [{{chat: {CHAT}, follow: [site]}}]}}\ndelivery: {{correct_after_seconds: 0}}\nposts: {{delete_grace_seconds: 0}}\n"
    ));
    world.telegram().add_channel(CHAT, None, "测试快讯");
    let daemon = world.start();
    post(&world, "抽检结果", "合格率九成。");
    let sent = world.telegram().next_message(CHAT);
    world.settled(1);
    world.delete("posts/2026-11-20-a.md");
    world.post(
        "2026-11-20-b.md",
        &today("下一条", "demo", "演示", "正文。"),
    );
    assert!(world.telegram().next_message(CHAT).text.contains("下一条"));
    daemon.wait_for("/feed.xml", |answer| !answer.text().contains("抽检结果"));
    assert!(daemon.terminate().success());
    world.run(&["once"], 0);
    assert_eq!(world.telegram().messages(CHAT)[0].text, sent.text);
    assert!(world.telegram().requests("editMessageText").is_empty());
}

#[test]
fn a_post_that_is_put_off_while_it_waits_waits_for_its_time() {
    let world = World::new().with_telegram().config(&format!(
        "telegram: {{channels: [{{chat: {CHAT}, follow: [site], digest: '{}'}}]}}\n",
        far_hour()
    ));
    world.telegram().add_channel(CHAT, None, "测试快讯");
    let daemon = world.start();
    let at = |seconds: i64| {
        let time = chrono::Utc::now() + chrono::Duration::seconds(seconds);
        let date = time.format("%Y-%m-%d %H:%M:%S +0000");
        format!("---\ntitle: 通报\nguid: one\ndate: {date}\ncategories: demo\n---\n正文。\n")
    };
    world.post("2026-11-20-a.md", &at(-5));
    world.settled_but(0, 1);
    world.post("2026-11-20-a.md", &at(3600));
    world.settled_but(0, 0);
    world.post("2026-11-20-a.md", &at(2));
    world.settled_but(0, 1);
    assert!(daemon.terminate().success());
}

#[test]
fn held_posts_go_out_as_their_files_are_now_and_those_without_a_file_do_not() {
    let world = World::new();
    let old = |title: &str| {
        format!(
            "---\ntitle: {title}\nguid: {title}\ndate: 2022-02-18 10:01:41 +0800\n---\n正文。\n"
        )
    };
    world.post(
        "2026-11-20-now.md",
        &today("头条", "demo", "演示", "正文。"),
    );
    world.run(&["once"], 0);
    world.post("2022-02-18-a.md", &old("甲"));
    world.post("2022-02-18-b.md", &old("乙"));
    let said = world.run(&["once"], 0);
    assert!(said.contains("2 held"), "{said}");
    world.delete("posts/2022-02-18-a.md");
    world.post(
        "2022-02-18-b.md",
        &old("乙").replace("title: 乙", "title: 乙（更正）"),
    );
    world.run(&["once"], 0);
    let held = world.run(&["held"], 0);
    assert!(
        held.contains("乙（更正）") && !held.contains('甲'),
        "{held}"
    );
    world.rename("posts/2022-02-18-b.md", "posts/2022-02-18-c.md");
    world.run(&["once"], 0);
    let held = world.run(&["held"], 0);
    assert_eq!(held.matches("乙（更正）").count(), 1, "{held}");
    world.run(&["held", "announce"], 0);
    let said = world.run(&["once"], 0);
    assert!(
        said.contains("乙（更正）") && !said.contains('甲'),
        "{said}"
    );
}
