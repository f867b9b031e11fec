//! When a post was published and changed.
//! In: front matter, file name, the time at which the file was first seen. Out: times with their author's
//! offset, and a problem for each that had to be guessed. Never the present.

use chrono::{DateTime, Utc};
use serde_yaml::Value;

use super::date;
use super::decode::one_line;
use super::findings::{FILE, Findings};
use super::front_matter::{Fields, scalar, shown};
use super::rules::Rules;
use crate::model::DateSource;
use crate::model::time::{PostTime, in_zone};

/// What a post without a date may go by.
pub(super) enum Dateless<'a> {
    /// A number in the file's name, else the first sight of it.
    Post {
        /// File name without ending.
        stem: &'a str,
    },
    /// The file's last change, and that is no mistake.
    Draft,
}

/// When the post was published, and where that came from. `name` is the file name's.
pub(super) fn published(
    name: &date::Name,
    dateless: &Dateless,
    fields: &Fields,
    first_seen: DateTime<Utc>,
    rules: &Rules,
    findings: &mut Findings,
) -> (PostTime, DateSource) {
    let zone = rules.site.timezone;
    if let Some(time) = date_field(fields, "date", rules, findings) {
        return (time, DateSource::FrontMatter);
    }
    let named = name.date.map(|text| {
        let read = date::read(text, true, zone, rules.naive);
        (text, read)
    });
    let (time, source, from) = if let Some((_, Some(read))) = named {
        (
            Some(read.time),
            DateSource::FileName,
            "the file name's date",
        )
    } else if let Dateless::Draft = dateless {
        (
            PostTime::new(in_zone(first_seen, zone), zone),
            DateSource::FileTime,
            "the time of the file's last change",
        )
    } else if let Dateless::Post { stem } = dateless
        && let Some(time) = date::number_in_name(stem, zone)
    {
        (
            Some(time),
            DateSource::NumberInName,
            "the number in the file name",
        )
    } else {
        let time = PostTime::new(in_zone(first_seen, zone), zone);
        (
            time,
            DateSource::FirstSeen,
            "the time at which the file was first seen",
        )
    };
    if fields.has("date") {
        findings.recovered(
            "bad-date",
            fields.at("date"),
            format!("{}; {from} is used", unread_date(fields)),
            &format!("write it as {}", fields.date_shape()),
        );
    }
    match named {
        Some((text, read)) if read.is_none_or(|read| read.moved) => findings.recovered(
            "bad-name-date",
            FILE,
            format!("there is no day {text}, which the file name begins with; {from} is used"),
            &format!(
                "rename the file, or add a line such as {}",
                fields.line("date", fields.date_shape())
            ),
        ),
        None if !fields.has("date") && source != DateSource::FileTime => findings.recovered(
            "no-date",
            FILE,
            format!("there is no `date`; {from} is used"),
            &format!(
                "add a line such as {}",
                fields.line("date", fields.date_shape())
            ),
        ),
        _ => {}
    }
    // Only a clock beyond the year 9999 leaves none; 1970 is then as good as any.
    (time.unwrap_or_else(PostTime::epoch), source)
}

fn unread_date(fields: &Fields) -> String {
    match fields.get("date").map(scalar) {
        None => "`date` is empty".to_owned(),
        Some(None) => "`date` is a list or mapping".to_owned(),
        Some(Some(text)) if text.trim().is_empty() => "`date` is empty".to_owned(),
        Some(Some(text)) => format!("`{}` is no date", excerpt_of(&text)),
    }
}

/// Enough of a value to know it by.
fn excerpt_of(text: &str) -> String {
    one_line(text).chars().take(40).collect()
}

fn date_field(
    fields: &Fields,
    key: &str,
    rules: &Rules,
    findings: &mut Findings,
) -> Option<PostTime> {
    let text = match fields.get(key)? {
        // `[2022-02-18]`
        Value::Sequence(items) if items.len() == 1 => shown(&items[0])?,
        value => shown(value)?,
    };
    let read = date::read(&text, fields.quoted(key), rules.site.timezone, rules.naive)?;
    if !(read.named_zone || read.moved || read.far_offset || read.partly) {
        return Some(read.time);
    }
    let (at, shown, time) = (fields.at(key), excerpt_of(&text), read.time.rfc3339());
    if read.named_zone {
        findings.note(
            "named-zone",
            at,
            format!("`{shown}` names its zone by letters, read as Ruby does: {time}"),
            "write the offset in digits, such as +0800",
        );
    }
    if read.partly {
        findings.recovered(
            "date-in-part",
            at,
            format!("only a part of `{shown}` is read, as Ruby does: {time}"),
            &format!("write it as {}", fields.date_shape()),
        );
    }
    if read.moved {
        findings.recovered(
            "no-such-day",
            at,
            format!("there is no such day or hour as `{shown}`; read as Ruby does: {time}"),
            "write a day that the calendar has",
        );
    }
    if read.far_offset {
        findings.note(
            "far-offset",
            at,
            format!("no zone has the offset of `{shown}`; the instant is kept, shown as {time}"),
            "write the offset of your zone, such as +0800",
        );
    }
    Some(read.time)
}

/// When the post was changed, as its author says.
pub(super) fn updated(fields: &Fields, rules: &Rules, findings: &mut Findings) -> Option<PostTime> {
    for key in ["updated", "last_modified_at"] {
        if fields.text(key).is_none() {
            continue;
        }
        if let Some(time) = date_field(fields, key, rules, findings) {
            return Some(time);
        }
        findings.note(
            "bad-updated",
            fields.at(key),
            format!("`{key}` is no date and is not used"),
            &format!("write it as {}", fields.date_shape()),
        );
    }
    None
}
