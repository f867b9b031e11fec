//! The clock is set back, forward, and to years in which nobody lives.

use super::rig::{HOUR, MINUTE, NOW, Rig, SECOND};

use crate::fake_telegram::{Fault, Only};

#[test]
fn a_clock_that_is_set_back_or_forward_loses_and_doubles_nothing_and_stops_nobody() {
    let (year_1971, year_2040) = (31_536_000_000, 2_208_988_800_000);
    for wall in [NOW - 2 * HOUR, NOW + 2 * HOUR, year_1971, year_2040, 0] {
        let mut rig = Rig::new();
        rig.readers(&[1, 2, -1_001_111_111_111]);
        let later = Fault::TooManyRequests {
            retry_after: 600,
            parameters: true,
        };
        rig.telegram().fail_next(later, Only::chat(2), 1);
        rig.announce(4);
        rig.pass(1500);
        rig.clock.set(wall);
        rig.announce(2);
        // Whoever waits may wait again from here on, but not for years.
        rig.pass(2 * MINUTE);
        assert!(
            rig.told(1).ends_with(&[5, 6]),
            "the clock was set to {wall}"
        );
        rig.restart();
        rig.pass(25 * HOUR);
        assert_eq!(rig.rows(Some("pending")), []);
        // Expired is what waited too long by the clock that there is: it is said, not lost in silence.
        let unsent = rig.rows(Some("skipped"));
        assert!(unsent.iter().all(|row| row.reason.is_some()));
        let sent = rig.rows(Some("sent"));
        let sent = sent.iter().filter(|row| row.kind == "alert").count();
        assert_eq!(sent + unsent.len(), 18, "the clock was set to {wall}");
        for chat in [1, 2, -1_001_111_111_111] {
            let told = rig.told(chat);
            assert!(told.is_sorted_by(|a, b| a < b), "{told:?}");
        }
    }
}

#[test]
fn a_clock_that_swings_every_second_keeps_the_pace() {
    let mut rig = Rig::new();
    rig.readers(&[1]);
    rig.announce(20);
    for swing in 0..30 {
        rig.pass(SECOND);
        let by = if swing % 2 == 0 { HOUR } else { -HOUR };
        rig.clock.set(rig.clock.now() + by);
    }
    rig.work_off();
    assert_eq!(rig.arrived(&[1], 1..=20), 0);
    assert_eq!(rig.refused(), 0);
}
