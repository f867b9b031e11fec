//! Refusals of every kind: chats that are gone, messages that are refused, groups that move.

use crate::fake_telegram::{Fault, Only};

use super::rig::{MINUTE, Rig, SECOND};

/// 403, as the Bot API server words it.
const FORBIDDEN: &[&str] = &[
    "bot was blocked by the user",
    "user is deactivated",
    "bot was kicked from the group chat",
    "bot was kicked from the supergroup chat",
    "bot was kicked from the channel chat",
    "bot is not a member of the group chat",
    "bot is not a member of the supergroup chat",
    "bot is not a member of the channel chat",
    "the group chat was deleted",
    "bot can't initiate conversation with a user",
    "bot can't send messages to bots",
    "words that Telegram will only find next year",
];

/// 400 that are about the chat.
const NO_CHAT: &[&str] = &[
    "chat not found",
    "private chat not found",
    "PEER_ID_INVALID",
    "group chat was deactivated",
    "group chat was upgraded to a supergroup chat",
    "user is deactivated",
];

/// 400 that are about what the bot may do there, perhaps for a night only.
const CLOSED: &[&str] = &[
    "CHAT_WRITE_FORBIDDEN",
    "CHAT_RESTRICTED",
    "CHAT_SEND_PLAIN_FORBIDDEN",
    "CHAT_ADMIN_REQUIRED",
    "need administrator rights in the channel chat",
    "not enough rights to send text messages to the chat",
    "have no rights to send a message",
];

/// 400 that are about the message.
const NO_MESSAGE: &[&str] = &[
    "can't parse entities: unsupported start tag",
    "can't parse MessageEntity: Unsupported type specified",
    "ENTITIES_TOO_LONG",
    "ENTITY_BOUNDS_INVALID",
    "message is too long",
    "MESSAGE_TOO_LONG",
    "message text is empty",
    "BUTTON_DATA_INVALID",
    "inline keyboard button URL 'x' is invalid: Wrong HTTP URL",
    "wrong type of the web page content",
    "words that Telegram will only find next year",
];

fn chats(words: &[&str]) -> Vec<i64> {
    (1..=words.len() as i64).collect()
}

#[test]
fn chats_that_are_gone_are_suspended_at_once_and_come_back_without_what_they_missed() {
    let cases = FORBIDDEN
        .iter()
        .map(|words| Fault::Forbidden((*words).into()));
    let cases = cases.chain(
        NO_CHAT
            .iter()
            .map(|words| Fault::BadRequest((*words).into())),
    );
    let words: Vec<&str> = FORBIDDEN.iter().chain(NO_CHAT).copied().collect();
    let mut rig = Rig::new();
    rig.readers(&chats(&words));
    rig.readers(&[900]);
    for (chat, fault) in chats(&words).into_iter().zip(cases) {
        rig.telegram().fail_next(fault, Only::chat(chat), 1);
    }
    rig.announce(3);
    rig.work_off();
    assert_eq!(rig.arrived(&[900], 1..=3), 0);
    for (chat, words) in chats(&words).into_iter().zip(&words) {
        assert_eq!(rig.tries(chat), 1, "{words}: tried again");
        let reason = rig.suspended(chat).expect(words);
        assert!(reason.contains(words), "{words}: {reason}");
    }
    let skipped = rig.rows(Some("skipped"));
    assert_eq!(skipped.len(), 3 * words.len());
    assert!(skipped.iter().all(|row| row.reason.is_some()));
    for chat in chats(&words) {
        rig.meet(chat);
    }
    rig.announce(1);
    rig.work_off();
    for chat in chats(&words) {
        assert_eq!(rig.told(chat), [4], "only what is new");
    }
}

#[test]
fn a_chat_in_which_the_bot_may_not_write_for_a_while_gets_everything_later() {
    let mut rig = Rig::new();
    rig.readers(&chats(CLOSED));
    for (chat, words) in chats(CLOSED).into_iter().zip(CLOSED) {
        let fault = Fault::BadRequest((*words).into());
        rig.telegram().fail_next(fault, Only::chat(chat), 2);
    }
    rig.announce(2);
    rig.pass(14 * MINUTE);
    for (chat, words) in chats(CLOSED).into_iter().zip(CLOSED) {
        assert_eq!(rig.tries(chat), 1, "{words}: tried again too soon");
        assert_eq!(rig.suspended(chat), None, "{words}");
    }
    rig.work_off();
    for (chat, words) in chats(CLOSED).into_iter().zip(CLOSED) {
        assert_eq!(rig.told(chat), [1, 2], "{words}");
    }
}

#[test]
fn a_refused_message_gets_simpler_then_fails_and_holds_nothing_up() {
    let mut rig = Rig::new();
    rig.readers(&chats(NO_MESSAGE));
    for (chat, words) in chats(NO_MESSAGE).into_iter().zip(NO_MESSAGE) {
        let fault = Fault::BadRequest((*words).into());
        // Odd ones are refused in every form, even ones only with entities.
        let times = if chat % 2 == 1 { 3 } else { 1 };
        rig.telegram().fail_next(fault, Only::chat(chat), times);
    }
    rig.announce(2);
    rig.work_off();
    for (chat, words) in chats(NO_MESSAGE).into_iter().zip(NO_MESSAGE) {
        assert_eq!(rig.suspended(chat), None, "{words}");
        let expected: &[usize] = if chat % 2 == 1 { &[2] } else { &[1, 2] };
        assert_eq!(rig.told(chat), expected, "{words}");
    }
    let failed = rig.rows(Some("failed"));
    assert_eq!(failed.len(), NO_MESSAGE.len().div_ceil(2));
}

#[test]
fn a_group_that_moves_in_the_middle_of_a_batch_takes_everything_along() {
    let (old, new) = (-4711, -1_009_999_999_999);
    let mut rig = Rig::new();
    rig.readers(&[old, 7]);
    rig.announce(6);
    rig.pass(8 * SECOND);
    let before = rig.told(old);
    assert!((1..6).contains(&before.len()), "{before:?}");
    rig.telegram()
        .fail_next(Fault::Migrate(new), Only::chat(old), 1);
    rig.work_off();
    rig.announce(2);
    rig.work_off();
    let mut told = before;
    told.extend(rig.told(new));
    assert_eq!(told, (1..=8).collect::<Vec<_>>());
    assert_eq!(rig.arrived(&[7], 1..=8), 0);
    assert_eq!(rig.tries(old), rig.told(old).len() + 1);
}

#[test]
fn a_wrong_token_is_tried_once_a_minute_and_costs_nothing() {
    let mut rig = Rig::new();
    rig.readers(&[1, 2, 3]);
    let refused = || Fault::Refused {
        code: 401,
        description: "Unauthorized".into(),
    };
    rig.telegram().fail_next(refused(), Only::any(), 1_000);
    rig.announce(2);
    rig.pass(10 * MINUTE);
    let tries = rig.telegram().requests("sendMessage").len();
    assert!((2..=40).contains(&tries), "{tries} tries in ten minutes");
    rig.telegram().take_faults();
    rig.work_off();
    assert_eq!(rig.arrived(&[1, 2, 3], 1..=2), 0);
}
