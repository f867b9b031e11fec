//! What a chat wants of its messages: when they come, and how they look; plain data.
//! In: a chat's settings, the time of an alert. Out: from when on it may go out.
//! Hours are those of a wall clock in the chat's zone, so that summer time moves nothing that people see.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{Days, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};

use super::Zone;
use super::time::{in_zone, wall_clock};

/// A chat's settings. Their defaults are what a chat has that never changed any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferences {
    /// When alerts come.
    pub rhythm: Rhythm,
    /// No alerts in these hours.
    pub quiet: Option<Quiet>,
    /// The chat's zone; `None`: the site's.
    pub zone: Option<Zone>,
    /// Nothing comes until this time in milliseconds since 1970 (UTC); `i64::MAX` until /resume.
    pub paused_until: Option<i64>,
    /// Messages come without a sound (Bot API `disable_notification`).
    pub silent: bool,
    /// How much of an article a message shows.
    pub length: Length,
    /// Whether Telegram shows a preview of the article below the message.
    pub preview: bool,
}

/// When alerts come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Rhythm {
    /// Each by itself, as soon as it is there.
    #[default]
    AtOnce,
    /// All of an hour in one message, at the full hour.
    Hourly,
    /// All since the last one in one message, at these full hours of the day: sorted, 0 to 23, at least one.
    Daily(Vec<u8>),
}

/// Hours without alerts, in minutes since midnight; over midnight when the end is before the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// First minute, 0 to 1439.
    pub from: u16,
    /// First minute after it, 0 to 1439.
    pub to: u16,
}

/// How much of an article a message shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Length {
    /// The title alone.
    Short,
    /// The summary.
    #[default]
    Normal,
}

impl Preferences {
    /// From when on an alert may go out that was planned at `planned`: `now` or earlier means at once.
    /// Milliseconds since 1970 (UTC); `site` is the zone of chats without their own. Urgent alerts do not ask.
    pub fn open_at(&self, planned: i64, now: i64, site: Zone) -> i64 {
        let zone = self.zone.unwrap_or(site);
        // Later than now is only what was planned before the clock was set back.
        let planned = planned.min(now);
        let due = match &self.rhythm {
            Rhythm::AtOnce => planned,
            Rhythm::Hourly => next_slot(planned, zone, &ALL_HOURS),
            Rhythm::Daily(hours) => next_slot(planned, zone, hours),
        };
        let due = due.max(self.paused_until.unwrap_or(i64::MIN));
        let from = due.max(now);
        self.quiet.map_or(due, |quiet| {
            let end = quiet.end_after(from, zone);
            if end > from { end } else { due }
        })
    }

    /// Whether alerts are gathered into digests.
    pub fn wants_digests(&self) -> bool {
        self.rhythm != Rhythm::AtOnce
    }
}

const ALL_HOURS: [u8; 24] = {
    let mut hours = [0; 24];
    let mut hour = 0;
    while hour < 24 {
        hours[hour as usize] = hour;
        hour += 1;
    }
    hours
};

/// Why a text is no rhythm or no quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidHours(&'static str);

impl fmt::Display for InvalidHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidHours {}

/// `off`, `hourly`, or full hours such as `8,18`; `8:00` is taken, too.
impl FromStr for Rhythm {
    type Err = InvalidHours;

    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        match text.trim().to_lowercase().as_str() {
            "off" => return Ok(Rhythm::AtOnce),
            "hourly" => return Ok(Rhythm::Hourly),
            _ => {}
        }
        let is_between = |c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、');
        let each = text.split(is_between).map(str::trim);
        let hours = each.filter(|hour| !hour.is_empty()).map(|hour| {
            let hour = hour.trim_end_matches("点").trim_end_matches(":00");
            hour.parse::<u8>().ok().filter(|hour| *hour < 24)
        });
        let hours: Option<BTreeSet<u8>> = hours.collect();
        match hours {
            Some(hours) if !hours.is_empty() => Ok(Rhythm::Daily(hours.into_iter().collect())),
            _ => Err(InvalidHours(
                "write off, hourly, or full hours of the day such as 8,18",
            )),
        }
    }
}

impl fmt::Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rhythm::AtOnce => f.write_str("off"),
            Rhythm::Hourly => f.write_str("hourly"),
            Rhythm::Daily(hours) => {
                let hours: Vec<String> = hours.iter().map(u8::to_string).collect();
                f.write_str(&hours.join(","))
            }
        }
    }
}

/// `22:00-07:00`; `22-7` is taken, too.
impl FromStr for Quiet {
    type Err = InvalidHours;

    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        let wrong = InvalidHours("write two times of the day such as 22:00-07:00");
        let minute = |text: &str| {
            let text = text.trim().replace('：', ":");
            let (hour, minute) = text.split_once(':').unwrap_or((&text, "0"));
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let marks = ['-', '–', '—', '~', '～', '至', '到'];
        let (from, to) = text.split_once(marks).ok_or(wrong)?;
        let to = to.trim_start_matches(marks);
        let (from, to) = (minute(from).ok_or(wrong)?, minute(to).ok_or(wrong)?);
        match from == to {
            true => Err(wrong),
            false => Ok(Quiet { from, to }),
        }
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quiet { from, to } = self;
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from / 60,
            from % 60,
            to / 60,
            to % 60
        )
    }
}

impl Quiet {
    /// The end of the quiet hours that `at` lies in; `at` itself outside of them.
    fn end_after(self, at: i64, zone: Zone) -> i64 {
        let Some(local) = Utc.timestamp_millis_opt(at).single() else {
            return at;
        };
        let local = in_zone(local, zone).naive_local();
        let midnight = local.date();
        let minute = minute_of(local.time());
        let tomorrow = || midnight.checked_add_days(Days::new(1)).unwrap_or(midnight);
        let end_day = match () {
            () if self.from == self.to => return at,
            () if self.from < self.to => {
                if minute < self.from || minute >= self.to {
                    return at;
                }
                midnight
            }
            () if minute >= self.from => tomorrow(),
            () if minute < self.to => midnight,
            () => return at,
        };
        instant(end_day, self.to, zone).unwrap_or(at)
    }
}

fn minute_of(time: NaiveTime) -> u16 {
    u16::try_from(time.hour() * 60 + time.minute()).unwrap_or(0)
}

/// The first of these full hours after `planned`. The hour that summer time skips comes when it is over, and
/// of the one that it repeats the first counts.
fn next_slot(planned: i64, zone: Zone, hours: &[u8]) -> i64 {
    let Some(start) = Utc.timestamp_millis_opt(planned).single() else {
        return planned;
    };
    let first = in_zone(start, zone).date_naive();
    let days = (0..3).filter_map(|day| first.checked_add_days(Days::new(day)));
    let slots = days.flat_map(|day| hours.iter().map(move |hour| (day, u16::from(*hour) * 60)));
    slots
        .filter_map(|(day, minute)| instant(day, minute, zone))
        .filter(|slot| *slot > planned)
        .min()
        .unwrap_or(planned)
}

/// When the clock of the zone shows this.
fn instant(day: NaiveDate, minute: u16, zone: Zone) -> Option<i64> {
    let minute = u32::from(minute);
    let clock = day.and_hms_opt(minute / 60, minute % 60, 0)?;
    Some(wall_clock(clock, zone).timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::zone::zone;
    use chrono::DateTime;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_millis()
    }

    fn open(preferences: &Preferences, planned: &str, now: &str, site: Zone) -> i64 {
        preferences.open_at(at(planned), at(now), site)
    }

    fn daily(hours: &[u8]) -> Preferences {
        Preferences {
            rhythm: Rhythm::Daily(hours.to_vec()),
            ..Preferences::default()
        }
    }

    fn quiet(from: u16, to: u16) -> Preferences {
        Preferences {
            quiet: Some(Quiet { from, to }),
            ..Preferences::default()
        }
    }

    #[test]
    fn a_chat_without_wishes_gets_everything_at_once() {
        let now = "2026-11-23T10:01:41+08:00";
        assert!(open(&Preferences::default(), now, now, zone("Asia/Shanghai")) <= at(now));
    }

    #[test]
    fn digests_come_at_the_next_of_their_hours() {
        let planned = "2026-11-23T10:01:41+08:00";
        let hourly = Preferences {
            rhythm: Rhythm::Hourly,
            ..Preferences::default()
        };
        let cases = [
            (&hourly, "2026-11-23T11:00:00+08:00"),
            (&daily(&[8, 18]), "2026-11-23T18:00:00+08:00"),
            (&daily(&[8]), "2026-11-24T08:00:00+08:00"),
        ];
        for (preferences, due) in cases {
            assert_eq!(
                open(preferences, planned, planned, zone("Asia/Shanghai")),
                at(due)
            );
        }
        let exact = "2026-11-23T08:00:00+08:00";
        let next = open(&daily(&[8]), exact, exact, zone("Asia/Shanghai"));
        assert_eq!(next, at("2026-11-24T08:00:00+08:00"));
    }

    #[test]
    fn quiet_hours_go_over_midnight_and_end_on_their_minute() {
        let night = quiet(22 * 60, 7 * 60 + 30);
        let end = at("2026-11-24T07:30:00+08:00");
        for now in ["2026-11-23T22:00:00+08:00", "2026-11-24T07:29:59+08:00"] {
            assert_eq!(open(&night, now, now, zone("Asia/Shanghai")), end, "{now}");
        }
        for now in ["2026-11-23T21:59:59+08:00", "2026-11-24T07:30:00+08:00"] {
            assert!(
                open(&night, now, now, zone("Asia/Shanghai")) <= at(now),
                "{now}"
            );
        }
        let noon = quiet(12 * 60, 14 * 60);
        let now = "2026-11-23T13:00:00+08:00";
        assert_eq!(
            open(&noon, now, now, zone("Asia/Shanghai")),
            at("2026-11-23T14:00:00+08:00")
        );
    }

    #[test]
    fn a_digest_that_falls_into_quiet_hours_waits_for_their_end() {
        let preferences = Preferences {
            quiet: Some(Quiet {
                from: 0,
                to: 9 * 60,
            }),
            ..daily(&[8])
        };
        let planned = "2026-11-23T10:00:00+08:00";
        assert_eq!(
            open(&preferences, planned, planned, zone("Asia/Shanghai")),
            at("2026-11-24T09:00:00+08:00")
        );
    }

    #[test]
    fn summer_time_loses_and_repeats_no_digest() {
        // 2026-03-29 has no 02:00 in Berlin, 2026-10-25 has it twice.
        let spring = "2026-03-29T00:30:00+01:00";
        assert_eq!(
            open(&daily(&[2]), spring, spring, zone("Europe/Berlin")),
            at("2026-03-29T03:00:00+02:00")
        );
        let autumn = "2026-10-25T00:30:00+02:00";
        assert_eq!(
            open(&daily(&[2]), autumn, autumn, zone("Europe/Berlin")),
            at("2026-10-25T02:00:00+02:00")
        );
        let again = "2026-10-25T02:30:00+01:00";
        assert_eq!(
            open(&daily(&[2]), again, again, zone("Europe/Berlin")),
            at("2026-10-26T02:00:00+01:00")
        );
        let night = quiet(60, 120);
        let now = "2026-03-29T01:30:00+01:00";
        assert_eq!(
            open(&night, now, now, zone("Europe/Berlin")),
            at("2026-03-29T03:00:00+02:00")
        );
    }

    #[test]
    fn a_zone_of_its_own_goes_before_the_sites() {
        let preferences = Preferences {
            zone: Some(zone("Europe/Berlin")),
            ..daily(&[8])
        };
        let planned = "2026-11-23T10:00:00+08:00";
        assert_eq!(
            open(&preferences, planned, planned, zone("Asia/Shanghai")),
            at("2026-11-23T08:00:00+01:00")
        );
    }

    #[test]
    fn hours_are_read_as_people_write_them() {
        for (text, shown) in [
            ("off", "off"),
            ("Hourly", "hourly"),
            ("18, 8:00,8", "8,18"),
            ("8点、20点", "8,20"),
        ] {
            assert_eq!(
                text.parse::<Rhythm>().map(|rhythm| rhythm.to_string()),
                Ok(shown.into())
            );
        }
        for text in ["", "24", "8;9", "-1", "每天"] {
            assert!(text.parse::<Rhythm>().is_err(), "{text}");
        }
        for (text, shown) in [("22-7", "22:00-07:00"), ("22：30 至 07:05", "22:30-07:05")] {
            assert_eq!(
                text.parse::<Quiet>().map(|quiet| quiet.to_string()),
                Ok(shown.into())
            );
        }
        for text in ["", "22", "22-22", "25-1", "1:60-2"] {
            assert!(text.parse::<Quiet>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_pause_ends_when_it_is_said_or_never() {
        let now = "2026-11-23T10:00:00+08:00";
        let until = |end| Preferences {
            paused_until: Some(end),
            ..Preferences::default()
        };
        assert_eq!(
            open(&until(i64::MAX), now, now, zone("Asia/Shanghai")),
            i64::MAX
        );
        let noon = at("2026-11-23T12:00:00+08:00");
        assert_eq!(open(&until(noon), now, now, zone("Asia/Shanghai")), noon);
        assert!(
            open(
                &until(noon),
                now,
                "2026-11-23T12:00:00+08:00",
                zone("Asia/Shanghai")
            ) <= noon
        );
    }
}
