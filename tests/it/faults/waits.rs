//! Told to wait: one chat for half a day, many chats at once, in every form of words.

use crate::fake_telegram::{Fault, Only};
use crate::killed_at_random::{post, title};
use crate::world::World;

use super::rig::{HOUR, MINUTE, Rig, SECOND};

const TWELVE_HOURS: u64 = 43_837;

fn wait(retry_after: u64) -> Fault {
    Fault::TooManyRequests {
        retry_after,
        parameters: true,
    }
}

/// Milliseconds from planning to delivery below which 95 of 100 messages to these chats lie.
fn p95(rig: &Rig, chats: &[i64]) -> i64 {
    let rows = rig.rows(Some("sent")).into_iter();
    let mut waits: Vec<i64> = rows
        .filter(|row| chats.iter().any(|chat| row.chat == (*chat).into()))
        .map(|row| row.settled_at.unwrap() - row.created_at)
        .collect();
    waits.sort_unstable();
    waits[waits.len() * 95 / 100]
}

#[test]
fn one_chat_in_a_wait_of_twelve_hours_costs_nobody_else_anything() {
    let others: Vec<i64> = (1..=40).collect();
    let all: Vec<i64> = (0..=40)
        .map(|chat| if chat == 0 { 99 } else { chat })
        .collect();
    let day = |unlucky: bool| {
        let mut rig = Rig::new();
        rig.readers(&all);
        if unlucky {
            rig.telegram()
                .fail_next(wait(TWELVE_HOURS), Only::chat(99), 1);
        }
        for _ in 0..10 {
            rig.announce(2);
            rig.pass(20 * SECOND);
        }
        rig
    };
    let lucky = day(false);
    let mut unlucky = day(true);
    assert_eq!(unlucky.tries(99), 1, "it is asked once and then left alone");
    assert!(unlucky.told(99).is_empty());
    assert_eq!(unlucky.arrived(&others, 1..=20), 0);
    assert!(
        p95(&unlucky, &others) <= p95(&lucky, &others),
        "{} ms instead of {} ms",
        p95(&unlucky, &others),
        p95(&lucky, &others)
    );
    // Through restarts it waits until its time has come, and then has everything in order.
    unlucky.restart();
    unlucky.pass(12 * HOUR - 5 * MINUTE);
    assert_eq!(unlucky.tries(99), 1);
    unlucky.work_off();
    assert_eq!(unlucky.arrived(&[99], 1..=20), 0);
}

#[test]
fn a_wait_is_understood_in_words_alone_and_an_absurd_one_is_asked_again_after_a_day() {
    let mut rig = Rig::new();
    rig.readers(&[1, 2]);
    let words = Fault::TooManyRequests {
        retry_after: 35,
        parameters: false,
    };
    rig.telegram().fail_next(words, Only::chat(1), 1);
    rig.telegram()
        .fail_next(wait(u64::from(u32::MAX)), Only::chat(2), 1);
    rig.announce(2);
    rig.pass(34 * SECOND);
    assert_eq!((rig.tries(1), rig.tries(2)), (1, 1));
    rig.pass(10 * SECOND);
    assert_eq!(rig.arrived(&[1], 1..=2), 0);
    rig.pass(24 * HOUR);
    assert_eq!(rig.arrived(&[2], 1..=2), 0);
}

#[test]
fn when_the_whole_bot_is_told_to_wait_it_slows_down_and_neither_spins_nor_stops() {
    let chats: Vec<i64> = (1..=120).collect();
    let mut rig = Rig::new();
    rig.readers(&chats);
    rig.telegram()
        .fail_next(wait(7), Only::method("sendMessage"), 30);
    rig.announce(2);
    rig.pass(3 * SECOND);
    // Thirty refusals, one a chat, slow the others to 14 a second.
    assert_eq!(rig.refused(), 30);
    let sent = rig.rows(Some("sent")).len();
    assert!((8..=45).contains(&sent), "{sent} in what is left of 3 s");
    rig.work_off();
    assert_eq!(rig.arrived(&chats, 1..=2), 0);
    assert_eq!(rig.telegram().requests("sendMessage").len(), 30 + 240);
}

#[test]
fn requests_that_hang_hold_up_nobody_else() {
    // More than may be counted within a second, fewer than may be under way.
    let (hanging, well) = (101..=140, 141);
    let channels = (101..=141).map(|chat| format!("{{chat: {chat}, follow: [site]}}"));
    let channels: Vec<String> = channels.collect();
    let config = format!("telegram: {{channels: [{}]}}\n", channels.join(", "));
    let world = World::new().with_telegram().config(&config);
    let telegram = world.telegram();
    telegram.forgive_unread();
    for chat in 101..=141 {
        telegram.add_user(chat, "Li", "zh-hans");
        telegram.user_starts(chat);
    }
    telegram.take_updates();
    world.run(&["once"], 0);
    for chat in hanging.clone() {
        let sends = Only::chat(chat).and_method("sendMessage");
        telegram.fail_next(Fault::Hang, sends, 1);
    }
    let _daemon = world.start();
    for number in 1..=3 {
        post(&world, number);
        assert!(telegram.next_message(well).text.contains(&title(number)));
    }
    for chat in hanging {
        let sends = telegram.requests("sendMessage").into_iter();
        let tries = sends
            .filter(|entry| entry.params["chat_id"] == chat)
            .count();
        assert_eq!(
            tries, 1,
            "{chat} was still under way, and asked for nothing else"
        );
    }
}
