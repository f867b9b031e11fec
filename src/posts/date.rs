//! Dates in every spelling that Jekyll reads (safe_yaml's times, then Ruby's `Time.parse`).
//! In: the text after `date:`, or a file name. Out: an instant with its author's offset.
//! Nothing here asks for the present or for the machine's time zone.

use std::ops::Range;
use std::sync::LazyLock;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta};
use regex::Regex;

use super::settings::NaiveDates;
use crate::model::Zone;
use crate::model::time::{PostTime, in_zone, wall_clock};

/// A date that was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Read {
    /// The instant, with its author's offset.
    pub time: PostTime,
    /// `CST` and the like: Ruby takes them for American zones, a Chinese author may not.
    pub named_zone: bool,
    /// The 30th of February or 25 o'clock, which Ruby moves on.
    pub moved: bool,
    /// Beyond what any zone has; the instant is kept, and shown in the site's zone.
    pub far_offset: bool,
    /// A part of the text may be one of the time, and says nothing to Ruby: `8点`, `下午`.
    pub partly: bool,
}

/// Wall clock and offset as they are written.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    day: (i32, u32, u32),
    clock: Option<(u32, u32, u32)>,
    offset: Option<i32>,
    named_zone: bool,
    /// Of the shape that YAML takes for a time, which Jekyll reads as UTC.
    yaml_time: bool,
    partly: bool,
}

/// Reads the text of a `date`. `quoted` says that it stood in quotes, where Jekyll reads site time.
pub(super) fn read(text: &str, quoted: bool, zone: Zone, naive: NaiveDates) -> Option<Read> {
    let text = text.trim();
    let written = plain(text).or_else(|| loose(text))?;
    let (hour, minute, second) = written.clock.unwrap_or((0, 0, 0));
    let latest = if written.offset.is_some() { 31 } else { 24 };
    if hour > latest || minute > 59 || second > 60 || (hour == 24 && minute + second > 0) {
        return None;
    }
    let (year, month, day) = written.day;
    if !(1..=9999).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    // The 30th of February is the 2nd of March, as in Ruby.
    let date = NaiveDate::from_ymd_opt(year, month, 1)?;
    let start = date.and_hms_opt(0, 0, 0)? + TimeDelta::days(i64::from(day) - 1);
    let seconds = hour * 3600 + minute * 60 + second.min(59);
    let reading = start + TimeDelta::seconds(i64::from(seconds));
    let at = match written.offset {
        Some(offset) => with_offset(reading, offset)?,
        None if written.yaml_time && !quoted && naive == NaiveDates::Utc => {
            in_zone(reading.and_utc(), zone)
        }
        None => wall_clock(reading, zone),
    };
    let time = PostTime::new(at, zone)?;
    Some(Read {
        time,
        named_zone: written.named_zone,
        moved: NaiveDate::from_ymd_opt(year, month, day).is_none() || hour > 24,
        far_offset: at.offset() != time.as_chrono().offset(),
        partly: written.partly,
    })
}

fn with_offset(reading: NaiveDateTime, seconds: i32) -> Option<DateTime<FixedOffset>> {
    let offset = FixedOffset::east_opt(seconds)?;
    Some((reading - offset).and_utc().with_timezone(&offset))
}

/// `2022-02-18`, `2022-02-18 10:01:41`, both with any usual offset: nearly every post, by hand.
fn plain(text: &str) -> Option<Written> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4, 4)?;
    skip(&mut rest, b'-')?;
    let month = number(&mut rest, 1, 2)?;
    skip(&mut rest, b'-')?;
    let day = number(&mut rest, 1, 2)?;
    let mut written = Written {
        day: (i32::try_from(year).ok()?, month, day),
        clock: None,
        offset: None,
        named_zone: false,
        yaml_time: false,
        partly: false,
    };
    if rest.is_empty() {
        return Some(written);
    }
    if rest[0] != b'T' && rest[0] != b't' && rest[0] != b' ' {
        return None;
    }
    rest = rest[1..].trim_ascii_start();
    let hour = number(&mut rest, 1, 2)?;
    skip(&mut rest, b':')?;
    let minute = number(&mut rest, 2, 2)?;
    let mut second = 0;
    let mut seconds = false;
    if rest.first() == Some(&b':') {
        rest = &rest[1..];
        second = number(&mut rest, 2, 2)?;
        seconds = true;
    }
    if seconds && rest.first() == Some(&b'.') {
        let digits = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        rest = &rest[1 + digits..];
    }
    // Ruby's YAML takes a day that does not exist for text, which is then read in site time.
    let exists = NaiveDate::from_ymd_opt(written.day.0, month, day).is_some();
    written.yaml_time = seconds && exists;
    written.clock = Some((hour, minute, second));
    rest = rest.trim_ascii();
    if !rest.is_empty() {
        written.offset = Some(offset(rest)?);
    }
    Some(written)
}

fn number(rest: &mut &[u8], least: usize, most: usize) -> Option<u32> {
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits < least || digits > most {
        return None;
    }
    let value = rest[..digits]
        .iter()
        .fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    *rest = &rest[digits..];
    Some(value)
}

fn skip(rest: &mut &[u8], byte: u8) -> Option<()> {
    (rest.first() == Some(&byte)).then(|| *rest = &rest[1..])
}

/// `Z`, `+8`, `+08`, `+0800`, `+08:00`, in seconds east of UTC.
fn offset(text: &[u8]) -> Option<i32> {
    let (sign, mut rest) = match text.split_first()? {
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        (b'Z' | b'z', []) => return Some(0),
        _ => return None,
    };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (hours, minutes) = match digits {
        1 | 2 => {
            let hours = number(&mut rest, 1, 2)?;
            let minutes = match rest.first() {
                Some(b':') => {
                    rest = &rest[1..];
                    number(&mut rest, 2, 2)?
                }
                _ => 0,
            };
            (hours, minutes)
        }
        4 => {
            let both = number(&mut rest, 4, 4)?;
            (both / 100, both % 100)
        }
        _ => return None,
    };
    if !rest.is_empty() || hours > 23 || minutes > 59 {
        return None;
    }
    i32::try_from(hours * 3600 + minutes * 60)
        .ok()
        .map(|seconds| sign * seconds)
}

struct Shapes {
    clock: Regex,
    numeric: Regex,
    day_month_name: Regex,
    month_name_day: Regex,
}

/// Ruby's Date._parse, as far as people write dates: find the clock, take it out, find the day.
fn shapes() -> Option<&'static Shapes> {
    static SHAPES: LazyLock<Option<Shapes>> = LazyLock::new(|| {
        let month = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*";
        Some(Shapes {
            clock: Regex::new(
                r"(?i)(\d+)\s*:\s*(\d+)(?:\s*:\s*(\d+)(?:[.,]\d*)?)?(?:\s*([ap])\.?m\b\.?)?(?:\s*((?:gmt|utc?)?[-+]\d+(?::\d+)?|[a-z]+(?:/[a-z_]+)*\b))?",
            )
            .ok()?,
            numeric: Regex::new(r"(\d+)[-/.](\d+)[-/.](\d+)").ok()?,
            day_month_name: Regex::new(&format!(r"(?i)\b(\d+)(?:st|nd|rd|th)?\s*[-,]?\s*{month}\.?[-,]?\s*(\d+)"))
                .ok()?,
            month_name_day: Regex::new(&format!(r"(?i)\b{month}\.?\s*(\d+)(?:st|nd|rd|th)?,?\s+(\d+)")).ok()?,
        })
    });
    SHAPES.as_ref()
}

fn loose(text: &str) -> Option<Written> {
    if text.len() > 128 {
        return None;
    }
    let shapes = shapes()?;
    let mut written = Written {
        day: (0, 0, 0),
        clock: None,
        offset: None,
        named_zone: false,
        yaml_time: false,
        partly: false,
    };
    let mut rest = text.to_owned();
    if let Some(found) = shapes.clock.captures(text) {
        let part = |n: usize| found.get(n).and_then(|m| m.as_str().parse::<u32>().ok());
        let mut hour = part(1)?;
        match found.get(4).map(|m| m.as_str().to_ascii_lowercase()) {
            Some(half) if half == "p" => hour = hour % 12 + 12,
            Some(_) => hour %= 12,
            None => {}
        }
        written.clock = Some((hour, part(2)?, part(3).unwrap_or(0)));
        if let Some(zone) = found.get(5) {
            (written.offset, written.named_zone) = zone_of(zone.as_str());
        }
        let whole = found.get(0)?;
        rest.replace_range(whole.range(), " ");
    }
    let (day, found) = day_of(&rest, shapes, &mut written.clock)?;
    written.day = day;
    let left = [&rest[..found.start], &rest[found.end..]];
    // Beside a clock with its offset, words can only say the same once more.
    written.partly = match written.offset {
        Some(_) => left
            .iter()
            .any(|text| text.contains(|c: char| c.is_ascii_digit())),
        None => is_told(left),
    };
    Some(written)
}

/// Whether what is left of a date may be a part of it. Names of days are not: the day itself is written.
fn is_told(left: [&str; 2]) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || (!c.is_ascii() && c.is_alphanumeric());
    let is_weekday = |word: &str| {
        let named = ["星期", "礼拜", "禮拜", "周", "週"];
        let day = named.iter().find_map(|name| word.strip_prefix(name));
        let day = day.unwrap_or(word).trim_end_matches(['曜', '日']);
        day.is_empty() || (day.chars().count() == 1 && "一二三四五六天月火水木金土".contains(day))
    };
    let words = left.into_iter().flat_map(str::split_whitespace);
    { words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())) }
        .any(|word| word.contains(is_part) && !is_weekday(word))
}

fn zone_of(text: &str) -> (Option<i32>, bool) {
    let upper = text.to_ascii_uppercase();
    let bare = upper.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    if !bare.is_empty() && bare.starts_with(['+', '-']) {
        return (offset(bare.as_bytes()), false);
    }
    let hours = match upper.as_str() {
        "Z" | "UTC" | "UT" | "GMT" => return (Some(0), false),
        "EST" | "CDT" => -5,
        "EDT" => -4,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        // Ruby takes any other name for no zone at all (`Time::ZoneOffset`), CET and JST too.
        _ => return (None, false),
    };
    (Some(hours * 3600), true)
}

/// The day, and where it stands in the text.
fn day_of(
    text: &str,
    shapes: &Shapes,
    clock: &mut Option<(u32, u32, u32)>,
) -> Option<((i32, u32, u32), Range<usize>)> {
    let digits = text.trim();
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        return Some((compact(digits, clock)?, 0..text.len()));
    }
    let number = |text: &str| text.parse::<u32>().ok();
    if let Some(found) = shapes.numeric.captures(text) {
        let (first, middle, last) = (&found[1], &found[2], &found[3]);
        // A long last number is the year: 18-02-2022.
        let (year, day) = if last.len() > 2 && first.len() <= 2 {
            (last, first)
        } else {
            (first, last)
        };
        let day = (full_year(year)?, number(middle)?, number(day)?);
        return Some((day, found.get(0)?.range()));
    }
    if let Some(found) = shapes.day_month_name.captures(text) {
        let day = (
            full_year(&found[3])?,
            month_of(&found[2])?,
            number(&found[1])?,
        );
        return Some((day, found.get(0)?.range()));
    }
    let found = shapes.month_name_day.captures(text)?;
    let day = (
        full_year(&found[3])?,
        month_of(&found[1])?,
        number(&found[2])?,
    );
    Some((day, found.get(0)?.range()))
}

/// `20220218` and `20220218100141`.
fn compact(text: &str, clock: &mut Option<(u32, u32, u32)>) -> Option<(i32, u32, u32)> {
    let part = |range: Range<usize>| text.get(range)?.parse::<u32>().ok();
    if text.len() == 14 {
        *clock = Some((part(8..10)?, part(10..12)?, part(12..14)?));
    } else if text.len() != 8 {
        return None;
    }
    Some((i32::try_from(part(0..4)?).ok()?, part(4..6)?, part(6..8)?))
}

fn full_year(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    Some(match (text.len(), year) {
        (1 | 2, 69..) => year + 1900,
        (1 | 2, _) => year + 2000,
        _ => year,
    })
}

fn month_of(name: &str) -> Option<u32> {
    const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
    let at = MONTHS.find(&name.to_ascii_lowercase())?;
    u32::try_from(at / 3 + 1).ok()
}

/// What a file name says: `YYYY-MM-DD-` before the slug, and the slug.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// The text of the date, if the name starts with one.
    pub date: Option<&'a str>,
    /// What follows it.
    pub slug: &'a str,
}

/// Takes a file name without its ending apart, as Jekyll's DATE_FILENAME_MATCHER does.
pub(super) fn name(stem: &str) -> Name<'_> {
    let mut rest = stem.as_bytes();
    let mut take = || {
        number(&mut rest, 2, 4)?;
        skip(&mut rest, b'-')?;
        number(&mut rest, 1, 2)?;
        skip(&mut rest, b'-')?;
        number(&mut rest, 1, 2)?;
        skip(&mut rest, b'-')
    };
    match take() {
        Some(()) => {
            let slug = &stem[stem.len() - rest.len()..];
            Name {
                date: stem.get(..stem.len() - slug.len() - 1),
                slug: slug.trim_end_matches('.'),
            }
        }
        // The pilot's generator leaves the date out of `-202205262391921712.md`.
        None => Name {
            date: None,
            slug: stem.trim_start_matches('-').trim_end_matches('.'),
        },
    }
}

/// `20220526` of `202205262391921712`, `NW202205262391921712` and the like, at midnight.
pub(super) fn number_in_name(stem: &str, zone: Zone) -> Option<PostTime> {
    let start = stem.find(|c: char| c.is_ascii_digit())?;
    let digits = stem[start..].bytes().take_while(u8::is_ascii_digit).count();
    // Eight digits alone are a date too; fewer are not, and a longer number needs a likely year.
    let number = stem.get(start..start + 8).filter(|_| digits >= 8)?;
    let year: i32 = number[..4].parse().ok()?;
    if !(1990..=2100).contains(&year) {
        return None;
    }
    let date = NaiveDate::parse_from_str(number, "%Y%m%d").ok()?;
    PostTime::new(wall_clock(date.and_hms_opt(0, 0, 0)?, zone), zone)
}

#[cfg(test)]
#[path = "date_tests.rs"]
mod tests;
