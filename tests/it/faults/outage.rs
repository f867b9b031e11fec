//! The network is gone for hours while posts go on coming.

use crate::fake_telegram::{Fault, Only};

use super::rig::{HOUR, MINUTE, Rig, SECOND};

#[test]
fn after_three_hours_without_network_and_five_thousand_posts_all_is_told_in_order() {
    let mut rig = Rig::new();
    let chats = [1, -1_001_111_111_111];
    rig.readers(&chats);
    rig.telegram()
        .fail_next(Fault::CutBeforeAccept, Only::any(), usize::MAX);
    for _ in 0..180 {
        rig.announce(28);
        rig.pass(MINUTE);
    }
    // While nobody answers, one harmless question a minute goes out, not five thousand messages.
    let asked = rig.telegram().journal().len();
    assert!(asked < 400, "{asked} requests in three hours");
    assert_eq!(rig.rows(Some("failed")), []);
    rig.telegram().take_faults();
    let took = rig.work_off();
    assert!(took < 12 * HOUR, "{} minutes", took / MINUTE);
    assert_eq!(rig.arrived(&chats, 1..=5040), 0);
    rig.announce(1);
    rig.pass(5 * SECOND);
    assert_eq!(rig.told(1).last(), Some(&5041));
}
