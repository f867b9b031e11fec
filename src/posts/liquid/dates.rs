//! Dates in filters, without a clock: `now` and `today` are nothing.
//! In: a text as front matter has it, or seconds; a format of Ruby's strftime. Out: text.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, FixedOffset};
use liquid_core::model::{Value, ValueView};

use super::super::date;
use super::super::settings::NaiveDates;
use crate::model::Zone;
use crate::model::time::in_zone;

/// The time that a value names, on its author's clock.
pub(super) fn time(value: &Value, zone: Zone, naive: NaiveDates) -> Option<DateTime<FixedOffset>> {
    let scalar = value.as_scalar()?;
    let text = scalar.to_kstr();
    let seconds = text.len() >= 9 && text.bytes().all(|b| b.is_ascii_digit());
    if seconds {
        let at = DateTime::from_timestamp(text.parse().ok()?, 0)?;
        return Some(in_zone(at, zone));
    }
    Some(date::read(&text, true, zone, naive)?.time.as_chrono())
}

/// The time in a format; `None` for a format that cannot be had.
pub(super) fn formatted(at: DateTime<FixedOffset>, format: &str) -> Option<String> {
    let items: Vec<Item> = StrftimeItems::new(format).collect();
    if items.contains(&Item::Error) {
        return None;
    }
    Some(at.format_with_items(items.iter()).to_string())
}

/// `1st`, `22nd`, `13th`.
pub(super) fn ordinal(day: u32) -> String {
    let ending = match (day % 10, day % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}
