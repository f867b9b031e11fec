//! Time with an offset, and its three spellings. The only place that formats a post's time.
//! In: instants with the author's offset. Out: RFC 2822 for RSS, RFC 3339 for Atom and JSON.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Timelike, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Zone;

/// An instant that remembers its author's offset. Years 1 to 9999 and offsets within
/// 14 hours only, so that both RFC spellings exist (chrono's RFC 2822 panics past 9999).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostTime(DateTime<FixedOffset>);

/// Widest offset that feed readers accept (Pacific/Kiritimati), in seconds.
const WIDEST_OFFSET: i32 = 14 * 3600;

impl PostTime {
    /// 1970-01-01T00:00:00Z.
    pub fn epoch() -> Self {
        PostTime(DateTime::UNIX_EPOCH.fixed_offset())
    }

    /// Keeps instant and offset; an offset beyond 14 hours keeps the instant and is written in `zone`.
    /// `None` outside the years 1 to 9999.
    pub fn new(at: DateTime<FixedOffset>, zone: Zone) -> Option<Self> {
        let at = if at.offset().local_minus_utc().abs() > WIDEST_OFFSET {
            in_zone(at.to_utc(), zone)
        } else {
            at
        };
        (1..=9999).contains(&at.year()).then_some(PostTime(at))
    }

    /// From an instant in seconds since 1970 (UTC) and an offset in seconds east of UTC,
    /// as databases keep them. `None` when out of range.
    pub fn from_parts(seconds: i64, offset_seconds: i32) -> Option<Self> {
        let offset = FixedOffset::east_opt(offset_seconds)?;
        let at = DateTime::from_timestamp(seconds, 0)?.with_timezone(&offset);
        (1..=9999).contains(&at.year()).then_some(PostTime(at))
    }

    /// Seconds since 1970 (UTC).
    pub fn seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// Offset in seconds east of UTC.
    pub fn offset_seconds(self) -> i32 {
        self.0.offset().local_minus_utc()
    }

    /// `Fri, 18 Feb 2022 10:01:41 +0800` (RFC 2822, as RSS 2.0 wants it).
    pub fn rfc2822(self) -> String {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let name = |names: &[&'static str], at: u32| names.get(at as usize).copied().unwrap_or("");
        // By hand, as chrono reads its pattern anew for each time, and each entry has several.
        let mut out = String::with_capacity(31);
        out.push_str(name(&DAYS, self.0.weekday().num_days_from_monday()));
        out.push_str(", ");
        push(&mut out, self.0.day(), 2);
        out.push(' ');
        out.push_str(name(&MONTHS, self.0.month0()));
        out.push(' ');
        push(&mut out, self.0.year().unsigned_abs(), 4);
        out.push(' ');
        self.push_clock(&mut out);
        out.push(' ');
        self.push_offset(&mut out, "");
        out
    }

    /// `2022-02-18T10:01:41+08:00` (RFC 3339, as Atom and JSON Feed want it).
    pub fn rfc3339(self) -> String {
        let mut out = String::with_capacity(25);
        push(&mut out, self.0.year().unsigned_abs(), 4);
        out.push('-');
        push(&mut out, self.0.month(), 2);
        out.push('-');
        push(&mut out, self.0.day(), 2);
        out.push('T');
        self.push_clock(&mut out);
        self.push_offset(&mut out, ":");
        out
    }

    fn push_clock(self, out: &mut String) {
        let parts = [self.0.hour(), self.0.minute(), self.0.second()];
        for (at, part) in parts.into_iter().enumerate() {
            if at > 0 {
                out.push(':');
            }
            push(out, part, 2);
        }
    }

    fn push_offset(self, out: &mut String, between: &str) {
        let offset = self.offset_seconds();
        // To the nearest minute, as chrono writes it: offsets with seconds are of long ago.
        let minutes = (offset.unsigned_abs() + 30) / 60;
        out.push(if offset < 0 { '-' } else { '+' });
        push(out, minutes / 60, 2);
        out.push_str(between);
        push(out, minutes % 60, 2);
    }

    /// `2022-02-18 10:01`, on the clock of `zone`, for people.
    pub fn clock(self, zone: Zone) -> String {
        clock(self.0.to_utc(), zone)
    }

    /// `2022-02-18 10:01 +08:00`, on the clock of `zone`, for people who may live elsewhere.
    pub fn clock_with_offset(self, zone: Zone) -> String {
        in_zone(self.0.to_utc(), zone)
            .format("%Y-%m-%d %H:%M %:z")
            .to_string()
    }

    /// The date and time with offset, for crates that speak chrono.
    pub fn as_chrono(self) -> DateTime<FixedOffset> {
        self.0
    }
}

/// A number with so many digits at least.
fn push(out: &mut String, number: u32, digits: u32) {
    for place in (0..digits).rev() {
        let digit = number / 10_u32.pow(place) % 10;
        out.extend(char::from_digit(digit, 10));
    }
}

/// For memory that is packed: seconds and nanoseconds since 1970 (UTC), and the offset in seconds east of UTC.
impl Serialize for PostTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = (
            self.seconds(),
            self.0.timestamp_subsec_nanos(),
            self.offset_seconds(),
        );
        parts.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PostTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (seconds, nanoseconds, offset) = <(i64, u32, i32)>::deserialize(deserializer)?;
        let at = DateTime::from_timestamp(seconds, nanoseconds);
        let offset = FixedOffset::east_opt(offset);
        let at = at.zip(offset).map(|(at, offset)| at.with_timezone(&offset));
        let at = at.filter(|at| (1..=9999).contains(&at.year()));
        at.map(PostTime)
            .ok_or_else(|| D::Error::custom("a time that no post has"))
    }
}

/// RFC 3339 in the zone, with its offset, of milliseconds since 1970.
pub fn in_site(millis: i64, zone: Zone) -> String {
    let at = DateTime::<Utc>::from_timestamp_millis(millis).unwrap_or_default();
    in_zone(at, zone).to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

/// The same instant on the clock of `zone`.
pub fn in_zone(at: DateTime<Utc>, zone: Zone) -> DateTime<FixedOffset> {
    at.with_timezone(&zone.offset_at(at))
}

/// `2022-02-18 10:01`, on the clock of `zone`, for people.
pub fn clock(at: DateTime<Utc>, zone: Zone) -> String {
    in_zone(at, zone).format("%Y-%m-%d %H:%M").to_string()
}

/// A wall clock reading in `zone`. A reading that a summer time change skipped is moved on by the
/// length of the gap; of one that occurred twice the earlier is meant.
pub fn wall_clock(reading: NaiveDateTime, zone: Zone) -> DateTime<FixedOffset> {
    let instant = reading.checked_sub_offset(zone.offset_of(reading));
    in_zone(instant.unwrap_or(reading).and_utc(), zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::zone::zone;

    fn post_time(text: &str) -> PostTime {
        PostTime::new(
            DateTime::parse_from_rfc3339(text).unwrap(),
            zone("Asia/Shanghai"),
        )
        .unwrap()
    }

    #[test]
    fn the_authors_offset_stays_in_both_spellings() {
        let time = post_time("2022-02-18T10:01:41+08:00");
        assert_eq!(time.rfc2822(), "Fri, 18 Feb 2022 10:01:41 +0800");
        assert_eq!(time.rfc3339(), "2022-02-18T10:01:41+08:00");
        assert_eq!(
            PostTime::from_parts(time.seconds(), time.offset_seconds()),
            Some(time)
        );
    }

    proptest::proptest! {
        #[test]
        fn both_spellings_are_chronos(
            seconds in -62_135_596_800_i64..253_402_300_800,
            offset in -50_400_i32..=50_400,
        ) {
            if let Some(time) = PostTime::from_parts(seconds, offset) {
                let by_chrono = |pattern| time.as_chrono().format(pattern).to_string();
                proptest::prop_assert_eq!(
                    time.rfc2822(), by_chrono("%a, %d %b %Y %H:%M:%S %z"));
                proptest::prop_assert_eq!(time.rfc3339(), by_chrono("%Y-%m-%dT%H:%M:%S%:z"));
            }
        }
    }

    #[test]
    fn an_offset_that_no_reader_accepts_keeps_its_instant() {
        let time = post_time("2022-02-18T23:00:00+23:00");
        assert_eq!(time.rfc3339(), "2022-02-18T08:00:00+08:00");
    }

    #[test]
    fn a_skipped_wall_clock_is_still_a_time() {
        let reading = |text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        let skipped = wall_clock(reading("2022-03-27 02:30"), zone("Europe/Berlin"));
        assert_eq!(skipped.to_rfc3339(), "2022-03-27T03:30:00+02:00");
        let summer_1988 = wall_clock(reading("1988-07-01 12:00"), zone("Asia/Shanghai"));
        assert_eq!(summer_1988.to_rfc3339(), "1988-07-01T12:00:00+09:00");
    }
}
