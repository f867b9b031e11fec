//! Whether two likely twins differ in something that makes them two stories.
//! In: titles and texts. Out: true when a number, a name, a date or a `not` differs.
//! Sentences that are nearly the same are laid beside each other, and what is replaced in them is looked
//! at: an edit cuts and adds, a form that is filled in anew replaces.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

/// Sentences of a text that are compared.
const MOST: usize = 120;
/// Sentences that share this much of the shorter one's pairs are versions of one sentence.
const VERSION: f64 = 0.5;
/// Words of reporting that editors change for one another.
const SYNONYMS: &[&[&str]] = &[
    &["表示", "称", "指出", "说", "介绍", "透露", "表示称"],
    &["近日", "日前", "昨日", "今日", "昨天", "今天"],
    &["将", "将会", "拟"],
    &["已", "已经"],
    &["公布", "发布"],
    &["目前", "当前", "现在"],
];

/// `本报讯（记者 某某）`, `某社北京11月3日电`: each paper has its own.
static DATELINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:[^，。；（(]{0,24}?(?:讯|电|訊|電|消息|报道))?[\s　]*[（(][^（）()]{0,12}(?:记者|記者|通讯员|编辑)[^（）()]{0,40}[）)][\s　]*|^[^，。；（(]{0,20}?\d{1,2}日(?:电|讯|電|訊)[\s　]+|^(?:本报|本网|本報)[讯訊][\s　]+",
    )
    .ok()
});

/// A title and a text.
type Side<'a> = (&'a str, &'a str);

/// True when the two differ in more than cuts and additions.
pub(super) fn differ(a: Side<'_>, b: Side<'_>) -> bool {
    let (ours, theirs) = (sentences(a.1), sentences(b.1));
    let beside = |sentence: &Sentence, others: &[Sentence]| {
        // The same sentence on the other side is no evidence; the nearest other one may be.
        if others.iter().any(|other| other.letters == sentence.letters) {
            return false;
        }
        let nearest = others
            .iter()
            .map(|other| (overlap(&sentence.pairs, &other.pairs), other))
            .max_by(|x, y| x.0.total_cmp(&y.0));
        nearest.is_some_and(|(share, other)| {
            share >= VERSION && replaces(&sentence.letters, &other.letters)
        })
    };
    ours.iter().any(|sentence| beside(sentence, &theirs))
        || theirs.iter().any(|sentence| beside(sentence, &ours))
        || titles_differ(a.0, b.0)
}

/// Retitling is free; a title with another number in the same words is another story.
fn titles_differ(a: &str, b: &str) -> bool {
    let (a, b) = (Sentence::new(a), Sentence::new(b));
    if a.letters == b.letters || overlap(&a.pairs, &b.pairs) < VERSION {
        return false;
    }
    let (ours, theirs) = middles(&a.letters, &b.letters);
    // A count of things in Chinese numerals is a number too.
    let number = |text: &[char]| {
        text.iter()
            .any(|c| c.is_ascii_digit() || "一二三四五六七八九十两百千万亿".contains(*c))
    };
    number(ours) && number(theirs)
}

struct Sentence {
    letters: Vec<char>,
    pairs: HashSet<(char, char)>,
}

impl Sentence {
    fn new(text: &str) -> Self {
        // The dot and the sign of a number are part of it.
        let kept = text
            .chars()
            .filter(|c| c.is_alphanumeric() || ".%-+".contains(*c));
        let letters: Vec<char> = kept.flat_map(char::to_lowercase).collect();
        let pairs = letters.windows(2).map(|pair| (pair[0], pair[1])).collect();
        Sentence { letters, pairs }
    }
}

fn sentences(text: &str) -> Vec<Sentence> {
    let text = match DATELINE.as_ref().and_then(|regex| regex.find(text)) {
        Some(found) => &text[found.end()..],
        None => text,
    };
    let parts = text.split(['。', '！', '？', '；', '\n', '!', '?', ';']);
    let parts = parts.flat_map(|part| part.split(". "));
    let sentences = parts
        .map(Sentence::new)
        .filter(|sentence| sentence.letters.len() > 3);
    sentences.take(MOST).collect()
}

fn overlap(a: &HashSet<(char, char)>, b: &HashSet<(char, char)>) -> f64 {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() {
        return 0.0;
    }
    short.iter().filter(|pair| long.contains(pair)).count() as f64 / short.len() as f64
}

/// What stands between the common beginning and the common end.
fn middles<'a>(a: &'a [char], b: &'a [char]) -> (&'a [char], &'a [char]) {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    (&a[..a.len() - tail], &b[..b.len() - tail])
}

/// True when one sentence says something else in place of what the other says.
fn replaces(a: &[char], b: &[char]) -> bool {
    let (ours, theirs) = middles(a, b);
    if ours.is_empty() || theirs.is_empty() {
        let added: String = ours.iter().chain(theirs).collect();
        return turns(&added);
    }
    let (ours, theirs): (String, String) = (ours.iter().collect(), theirs.iter().collect());
    let synonyms = SYNONYMS
        .iter()
        .any(|group| group.contains(&ours.as_str()) && group.contains(&theirs.as_str()));
    // A sentence that was cut into two, or joined of two, has its neighbour for a middle.
    let cut =
        a.len().abs_diff(b.len()) * 2 > a.len().max(b.len()) && !(digits(&ours) && digits(&theirs));
    !synonyms && !cut
}

fn digits(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// What is added changes the sense: a number, or a `not`.
fn turns(added: &str) -> bool {
    let short = added.chars().count() <= 8;
    short
        && (digits(added)
            || ["不", "未", "没", "沒", "非", "无", "否", "nt"]
                .iter()
                .any(|word| added.contains(word)))
}
