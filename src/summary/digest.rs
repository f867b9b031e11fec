//! Which digests an editor meant as one, and how a sentence begins when it stands alone.
//! In: the quote at the head of a post; a sentence. Out: whether to use it; the sentence without `此外，`.

use super::{begins, boilerplate};

/// Fewer characters than this are a motto or a heading.
const SHORTEST: usize = 12;

/// A digest that says something else than the title, is no motto and is not broken off.
pub(super) fn is_good(digest: &str, title: &str) -> bool {
    let plain = boilerplate::plain(digest);
    let broken_off =
        digest.ends_with(['…', '—']) || digest.ends_with("...") || digest.ends_with(['：', ':']);
    let motto = digest.starts_with(['“', '"', '「', '‘'])
        && ["——", "—", "--", "――"].iter().any(|dash| {
            digest
                .rsplit_once(dash)
                .is_some_and(|(_, who)| who.chars().count() <= 24)
        });
    plain.chars().count() >= SHORTEST && !broken_off && !motto && plain != boilerplate::plain(title)
}

/// Words that join a sentence to one that is not there, and may go without changing the sense.
pub(super) const CONNECTIVES: &[&str] = &[
    "此外，",
    "另外，",
    "同时，",
    "与此同时，",
    "据悉，",
    "据了解，",
    "据介绍，",
    "同時，",
    "與此同時，",
    "據悉，",
    "值得注意的是，",
    "值得一提的是，",
    "需要注意的是，",
    "具体来看，",
    "具体而言，",
    "总体来看，",
    "Meanwhile, ",
    "In addition, ",
    "Additionally, ",
    "Moreover, ",
    "Furthermore, ",
];

/// The sentence without such a word at its beginning.
pub(super) fn without_connective(sentence: &str) -> &str {
    if !begins::may_be_connective(sentence) {
        return sentence;
    }
    let mut words = CONNECTIVES.iter();
    let rest = words.find_map(|word| sentence.strip_prefix(word));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(sentence)
}
