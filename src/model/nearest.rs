//! Which name somebody meant who wrote another one.
//! In: what was written, the names there are. Out: one of these, when it looks like it; pure.

use strsim::{jaro_winkler, osa_distance};

/// How like two names are, from 0 to 1, of which the one may be meant by the other.
const LIKE: f64 = 0.7;

/// Shorter names are not one slip of a finger away from each other, but others (characters).
const SHORTEST: usize = 3;

/// The name that was meant; `None` when none looks like it. Of several that look alike, the first by the alphabet.
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &str| (is_slip(written, name), jaro_winkler(written, name));
    let rated = names.into_iter().map(|name| (likeness(name), name));
    let best = rated.max_by(|((a_slip, a), a_name), ((b_slip, b), b_name)| {
        { a_slip.cmp(b_slip) }
            .then(a.total_cmp(b))
            .then(b_name.cmp(a_name))
    });
    best.and_then(|((is_slip, likeness), name)| (is_slip || likeness > LIKE).then_some(name))
}

/// Whether one name is the other but for one slip of a finger.
pub fn is_slip(written: &str, name: &str) -> bool {
    let shortest = written.chars().count().min(name.chars().count());
    shortest >= SHORTEST && osa_distance(written, name) <= 1
}

/// Reads serde's ``unknown field `txt`, expected one of `text`, …`` and names the key that was meant.
pub fn meant_key(message: &str) -> Option<&str> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let written = quoted
        .next()
        .filter(|_| message.contains("unknown field"))?;
    nearest(written, quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_meant_by_what_looks_like_it_and_by_one_slip_first() {
        let names = ["dir", "drafts", "encoding", "debounce_ms", "id"];
        for (written, meant) in [
            ("dri", Some("dir")),
            ("dirr", Some("dir")),
            ("drafst", Some("drafts")),
            ("debounce", Some("debounce_ms")),
            ("zzz", None),
            ("xd", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, names), meant, "{written}");
        }
        assert_eq!(nearest("topic", []), None);
        assert_eq!(nearest("tage", ["tagd", "tags"]), Some("tagd"));
    }
}
