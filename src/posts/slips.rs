//! Keys of front matter that are nearly those of a post.
//! In: the fields of a file. Out: a note for each key that nobody reads and that was hardly meant so.
//! Front matter is open: most keys that are not ours are other programs'.

use std::borrow::Cow;

use super::findings::Findings;
use super::front_matter::Fields;
use super::recover::KEYS;
use crate::model::is_slip;

/// Keys that are looked for behind a slip of the finger. Shorter ones, and those of fewer posts, are too near to what others
/// call their own.
const MEANT: &[&str] = &[
    "title",
    "date",
    "tags",
    "categories",
    "category",
    "permalink",
    "published",
];

/// One letter away from one of these, and words in their own right.
const OTHERS: &[&str] = &["data", "dates", "publisher", "tabs", "tile"];

/// Either of them says what the other would.
const TWINS: &[(&str, &str)] = &[("tag", "tags"), ("category", "categories")];

/// Tells of each such key, unless what was meant is there too.
pub(super) fn note(fields: &Fields, findings: &mut Findings) {
    for (key, _) in fields.all() {
        let Some(meant) = meant(key).filter(|meant| !has(fields, meant)) else {
            continue;
        };
        findings.note(
            "unread-key",
            fields.at_key(key),
            format!("`{key}` is not read: did you mean `{meant}`?"),
            &format!("write it as `{meant}`"),
        );
    }
}

fn meant(key: &str) -> Option<&'static str> {
    if KEYS.contains(&key) {
        return None;
    }
    let small = match key.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(key.to_ascii_lowercase()),
        false => Cow::Borrowed(key),
    };
    // The layout is the site's, whatever its case.
    let same = KEYS
        .iter()
        .find(|known| **known == small && **known != "layout");
    if same.is_some() || OTHERS.contains(&&*small) {
        return same.copied();
    }
    // Cheap to ask of every key of every post.
    let may_be = |name: &&&str| {
        name.as_bytes().first() == small.as_bytes().first() && name.len().abs_diff(small.len()) <= 1
    };
    let mut near = MEANT.iter().filter(may_be);
    near.find(|name| is_slip(&small, name)).copied()
}

fn has(fields: &Fields, key: &str) -> bool {
    let twin = TWINS.iter().find_map(|(one, other)| match key {
        key if key == *one => Some(*other),
        key if key == *other => Some(*one),
        _ => None,
    });
    fields.has(key) || twin.is_some_and(|twin| fields.has(twin))
}
