//! The periods into which a history is cut: a year, and inside it month, day, hour, minute, second,
//! and at last pieces by hash, as far down as there are too many posts for one page.
//! In: instants and the site's zone. Out: names, bounds and neighbours, by the calendar alone.
//!
//! A page's neighbours never hang on which periods hold posts: the page before March is February's,
//! even when February was cut into days (its page then only leads to them) or holds nothing. That is
//! what keeps a late post from changing any page but those of its own period.

use std::fmt;
use std::ops::Range;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime};

use crate::model::time::{in_zone, wall_clock};
use crate::model::{PostTime, Zone};

/// Older posts share one period, so that a mistyped year does not make empty pages by the hundred.
const FIRST_YEAR: i32 = 1970;
/// Levels below a year that the clock gives: month, day, hour, minute, second.
const CLOCK_LEVELS: usize = 5;
/// Hexadecimal digits of the hash that pieces may use up; nobody has that many posts.
const MOST_DIGITS: usize = 8;

/// One period, in the site's zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// `None`: everything before `FIRST_YEAR`.
    year: Option<i32>,
    /// Month, day, hour of the day, minute, second, then digits of the hash; as far down as it goes.
    parts: Vec<u32>,
}

impl fmt::Display for Period {
    /// `2022`, `2022-02`, `2022-02-18`, `2022-02-18-10`, and so on; `before-1970`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.year {
            Some(year) => write!(f, "{year:04}")?,
            None => write!(f, "before-{FIRST_YEAR}")?,
        }
        for (level, part) in self.parts.iter().enumerate() {
            match level < self.clock_levels() {
                true => write!(f, "-{part:02}")?,
                false => write!(f, "-{part:x}")?,
            }
        }
        Ok(())
    }
}

impl Period {
    /// The year of an instant.
    pub fn year_of(seconds: i64, zone: Zone) -> Period {
        let local = DateTime::from_timestamp(seconds, 0).map(|at| in_zone(at, zone).year());
        let year = |year: i32| Period {
            year: (year >= FIRST_YEAR).then_some(year),
            parts: Vec::new(),
        };
        let guess = local.unwrap_or(i32::MIN);
        // Where a clock is set back at midnight of new year, the date alone would be ambiguous.
        let around = [guess.saturating_add(1), guess, guess.saturating_sub(1)];
        let found = around.into_iter().map(year).find(|year| {
            let bounds = year.bounds(zone);
            bounds.contains(&seconds)
        });
        found.unwrap_or(year(i32::MIN))
    }

    /// The period right before this one on the same level, or, for the first part of a larger period, the
    /// one before that. `None` for `oldest`, the year in which the history begins.
    pub fn previous(&self, oldest: &Period) -> Option<Period> {
        let mut previous = self.clone();
        match previous.parts.pop() {
            Some(part) if part > self.first_of_level(previous.parts.len()) => {
                previous.parts.push(part - 1);
                Some(previous)
            }
            Some(_) => previous.previous(oldest),
            None if self == oldest => None,
            None => previous.year_before(),
        }
    }

    /// The year before; `None` before all years.
    pub fn year_before(&self) -> Option<Period> {
        let year = self.year?;
        Some(Period {
            year: (year > FIRST_YEAR).then_some(year - 1),
            parts: Vec::new(),
        })
    }

    /// The year after.
    pub fn year_after(&self) -> Period {
        Period {
            year: Some(self.year.map_or(FIRST_YEAR, |year| year + 1)),
            parts: Vec::new(),
        }
    }

    /// The smaller periods that make up this one, oldest first; none when it cannot be cut.
    pub fn children(&self, zone: Zone) -> Vec<Period> {
        let level = self.parts.len();
        let digits = level.saturating_sub(self.clock_levels());
        if digits >= MOST_DIGITS {
            return Vec::new();
        }
        let first = self.first_of_level(level);
        let count = match level {
            _ if level >= self.clock_levels() => 16,
            0 => 12,
            1 => self.days(),
            2 => {
                let day = self.bounds(zone);
                u32::try_from((day.end - day.start + 3599) / 3600).unwrap_or(24)
            }
            _ => 60,
        };
        let child = |part| {
            let mut parts = self.parts.clone();
            parts.push(part);
            Period {
                year: self.year,
                parts,
            }
        };
        (first..first + count).map(child).collect()
    }

    /// True when the post at this instant, with this hash of its id, belongs here.
    pub fn holds(&self, seconds: i64, tie: i64, zone: Zone) -> bool {
        self.bounds(zone).contains(&seconds) && (self.ties().0..=self.ties().1).contains(&tie)
    }

    /// The instants of the period, in seconds since 1970 (UTC).
    pub fn bounds(&self, zone: Zone) -> Range<i64> {
        let Some(year) = self.year else {
            return i64::MIN..start_of(date(FIRST_YEAR, 1, 1), zone);
        };
        let part = |level: usize| self.parts.get(level).copied();
        let first = date(year, part(0).unwrap_or(1), part(1).unwrap_or(1));
        let next = match self.parts.len() {
            0 => first.checked_add_months(Months::new(12)),
            1 => first.checked_add_months(Months::new(1)),
            _ => first.checked_add_days(Days::new(1)),
        };
        let mut bounds = start_of(first, zone)..next.map_or(i64::MAX, |next| start_of(next, zone));
        for (level, length) in [(2, 3600), (3, 60), (4, 1)] {
            if let Some(part) = part(level) {
                let start = bounds.start + i64::from(part) * length;
                bounds = start..bounds.end.min(start + length);
            }
        }
        bounds
    }

    /// The hashes of the period, both ends included. A hash is the one by which the catalog orders posts of
    /// one second; its first digit comes from its highest bits.
    pub fn ties(&self) -> (i64, i64) {
        let digits = self.parts.iter().skip(self.clock_levels());
        let (mut low, mut free) = (0u64, 64u32);
        for digit in digits {
            free -= 4;
            low |= u64::from(*digit) << free;
        }
        match free {
            64 => (i64::MIN, i64::MAX),
            _ => (low.cast_signed(), (low | ((1 << free) - 1)).cast_signed()),
        }
    }

    /// A date for a page without entries: the beginning of the period.
    pub fn begins(&self, zone: Zone) -> PostTime {
        let start = DateTime::from_timestamp(self.bounds(zone).start, 0);
        start
            .and_then(|at| PostTime::new(in_zone(at, zone), zone))
            .unwrap_or(PostTime::epoch())
    }

    fn clock_levels(&self) -> usize {
        match self.year {
            Some(_) => CLOCK_LEVELS,
            None => 0,
        }
    }

    /// Months and days are counted from one.
    fn first_of_level(&self, level: usize) -> u32 {
        u32::from(level < 2 && self.year.is_some())
    }

    fn days(&self) -> u32 {
        let (year, month) = (self.year.unwrap_or(FIRST_YEAR), self.parts.first());
        let first = date(year, month.copied().unwrap_or(1), 1);
        u32::from(first.num_days_in_month())
    }
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MAX)
}

fn start_of(date: NaiveDate, zone: Zone) -> i64 {
    // At the ends of chrono's calendar a zone's offset would lead outside.
    if !(1..=9999).contains(&date.year()) {
        return i64::MAX;
    }
    wall_clock(date.and_time(NaiveTime::MIN), zone).timestamp()
}
