//! The network is gone for hours while posts go on coming.

use crate::fake_telegram::{Fault, Only};

use super::rig::{HOUR, MINUTE, Rig, SECOND};

/// `TAGWIRE_POSTS` sets how many come meanwhile.
fn posts() -> usize {
    let given = std::env::var("TAGWIRE_POSTS").ok();
    given.and_then(|posts| posts.parse().ok()).unwrap_or(540)
}

#[test]
fn after_three_hours_without_network_in_which_posts_came_all_is_told_in_order() {
    let mut rig = Rig::new();
    let a_minute = posts().div_ceil(180);
    let chats = [1, -1_001_111_111_111];
    rig.readers(&chats);
    rig.telegram()
        .fail_next(Fault::CutBeforeAccept, Only::any(), usize::MAX);
    for _ in 0..180 {
        rig.announce(a_minute);
        rig.pass(MINUTE);
    }
    // While nobody answers, one harmless question a minute goes out, not five thousand messages.
    let asked = rig.telegram().journal().len();
    assert!(asked < 400, "{asked} requests in three hours");
    assert_eq!(rig.rows(Some("failed")), []);
    rig.telegram().take_faults();
    let took = rig.work_off();
    assert!(took < 12 * HOUR, "{} minutes", took / MINUTE);
    assert_eq!(rig.arrived(&chats, 1..=180 * a_minute), 0);
    for chat in chats {
        let messages = rig.telegram().messages(chat).len();
        assert!(
            messages <= 180 * a_minute / 5,
            "{messages} messages to {chat}: not folded"
        );
    }
    rig.announce(1);
    rig.pass(5 * SECOND);
    assert_eq!(rig.told(1).last(), Some(&(180 * a_minute + 1)));
}
