//! Forum topics: a subscription goes to the topic in which it was made, while there is that topic.

use super::{ANN, GROUP, LI, greeted, says, world};
use crate::world::today;

const MARKETS: i64 = 11;
const OTHERS: i64 = 12;

#[test]
fn a_subscription_goes_to_its_topic_and_to_the_general_one_when_that_is_closed() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    for (group, user, words) in [
        (GROUP, LI, "话题已关闭或删除"),
        (GROUP - 1, ANN, "topic that got summaries is closed"),
    ] {
        telegram.add_supergroup(group, "论坛");
        telegram.set_topic(group, MARKETS, true);
        telegram.set_topic(group, OTHERS, true);
        telegram.set_member(group, user, "creator");
        telegram.user_says_in_topic(group, MARKETS, user, "/follow tag:演示");
        let followed = telegram.next_message(group);
        assert_eq!(followed.thread, Some(MARKETS), "{}", followed.text);
        telegram.user_says_in_topic(group, OTHERS, user, "/follow topic:market");
        assert_eq!(telegram.next_message(group).thread, Some(OTHERS));
        let say = |name: &str, title: &str| {
            let name = format!("2026-11-20-{user}-{name}.md");
            world.post(&name, &today(title, "demo", "演示", "正文。"));
            let got = telegram.next_message(group);
            says(&got, title);
            got.thread
        };
        assert_eq!(say("b", &format!("第一篇 {user}")), Some(MARKETS));
        telegram.set_topic(group, MARKETS, false);
        let title = format!("第二篇 {user}");
        world.post(
            &format!("2026-11-20-{user}-c.md"),
            &today(&title, "demo", "演示", "正文。"),
        );
        let (one, other) = (telegram.next_message(group), telegram.next_message(group));
        for sent in [&one, &other] {
            assert_eq!(sent.thread, None, "{}", sent.text);
            assert!(
                sent.text.contains(words) || sent.text.contains(&title),
                "{}",
                sent.text
            );
        }
        assert_ne!(one.text, other.text);
        // Said once; and another topic takes it up again.
        assert_eq!(say("d", &format!("第三篇 {user}")), None);
        telegram.user_says_in_topic(group, OTHERS, user, "/follow tag:演示");
        assert_eq!(telegram.next_message(group).thread, Some(OTHERS));
        assert_eq!(say("e", &format!("第四篇 {user}")), Some(OTHERS));
        telegram.user_says_in_topic(group, OTHERS, user, "/unfollow 演示");
        telegram.next_message(group);
        telegram.user_says_in_topic(group, OTHERS, user, "/unfollow 市场");
        telegram.next_message(group);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn an_answer_in_a_closed_topic_goes_to_the_general_one() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    telegram.add_supergroup(GROUP, "论坛");
    telegram.set_topic(GROUP, MARKETS, false);
    telegram.user_says_in_topic(GROUP, MARKETS, LI, "/help");
    assert_eq!(telegram.next_message(GROUP).thread, None);
    assert!(daemon.terminate().success());
}
