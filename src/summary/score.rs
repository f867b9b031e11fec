//! How much a unit tells: by its place, what it shares with the title and with the rest, and cue words.
//! In: the units with their terms, the title's terms. Out: a number for each; higher tells more.
//! The weights were tuned on one half of the digests in `benches/RESULTS.md` and measured on the other.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::centrality;
use super::terms::{self, Term};
use super::units::Unit;

/// The first unit counts most; each further one counts for less, by this much of the one before.
const FADE: f64 = 0.35;
const PLACE: f64 = 1.0;
const TITLE: f64 = 1.2;
const CENTRAL: f64 = 0.7;
const CUE: f64 = 0.12;
const FIGURE: f64 = 0.06;
const OPENS: f64 = 0.05;
/// What a question, a quotation, a fragment or a very short sentence loses.
const WEAK: f64 = 0.3;

/// Sentences below this many characters seldom stand alone.
const SHORT: usize = 14;

/// Words by which a sentence says that it matters.
const CUES: &[&str] = &[
    "公布",
    "发布",
    "發布",
    "宣布",
    "印发",
    "出台",
    "通报",
    "通報",
    "决定",
    "決定",
    "要求",
    "明确",
    "提出",
    "启动",
    "施行",
    "实施",
    "查处",
    "罚款",
    "罚没",
    "立案",
    "召回",
    "同比",
    "环比",
    "增长",
    "下降",
    "超过",
    "预计",
    "总之",
    "结果显示",
    "数据显示",
    "本文",
    "将于",
    "批准",
    "核准",
    "获批",
    "公告称",
    "意味着",
    "旨在",
    "announced",
    "released",
    "said it",
    "in summary",
    "results show",
    "will",
    "according to",
];

/// Words by which it says that it does not.
const ASIDES: &[&str] = &[
    "例如",
    "比如",
    "譬如",
    "举例",
    "如图",
    "如下图",
    "上图",
    "下图",
    "见图",
    "见下",
    "据介绍",
    "笑着说",
    "回忆道",
    "记得",
    "for example",
    "for instance",
    "see below",
    "screenshot",
];

/// A number for each unit. `lists` are their terms.
pub(super) fn of(units: &[Unit<'_>], lists: &[Vec<Term>], title: &str) -> Vec<f64> {
    let slices: Vec<&[Term]> = lists.iter().map(Vec::as_slice).collect();
    let central = centrality::of(&slices);
    let title = terms::of(title);
    let all = units.iter().zip(lists).zip(central).enumerate();
    all.map(|(at, ((unit, terms), central))| {
        let place = PLACE / (1.0 + FADE * at as f64);
        let echo = if title.is_empty() {
            0.0
        } else {
            terms::common(terms, &title) as f64 / title.len() as f64
        };
        place + TITLE * echo + CENTRAL * central + manner(unit)
    })
    .collect()
}

/// Whether any of `CUES`, and any of `ASIDES`, is in a text.
fn words_in(text: &str) -> (bool, bool) {
    /// `None` cannot be for so few words; a test holds it.
    static WORDS: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::new(CUES.iter().chain(ASIDES)).ok());
    let (mut has_cue, mut is_aside) = (false, false);
    let found = WORDS
        .iter()
        .flat_map(|words| words.find_overlapping_iter(text));
    for word in found {
        match word.pattern().as_usize() < CUES.len() {
            true => has_cue = true,
            false => is_aside = true,
        }
        if has_cue && is_aside {
            break;
        }
    }
    (has_cue, is_aside)
}

/// What the sentence's form and words say.
fn manner(unit: &Unit<'_>) -> f64 {
    let text = unit.text.as_ref();
    let (has_cue, is_aside) = words_in(text);
    let mut sum = 0.0;
    if has_cue {
        sum += CUE;
    }
    if is_aside {
        sum -= WEAK;
    }
    if text.chars().any(|c| c.is_ascii_digit()) {
        sum += FIGURE;
    }
    if unit.opens {
        sum += OPENS;
    }
    let question = text
        .trim_end_matches(['”', '"', '」'])
        .ends_with(['？', '?']);
    let quoted = text.starts_with(['“', '"', '「']);
    for weak in [question, quoted, !unit.ended, text.chars().count() < SHORT] {
        if weak {
            sum -= WEAK;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{ASIDES, CUES, words_in};

    #[test]
    fn every_word_is_found_alone_and_beside_another() {
        for cue in CUES {
            assert_eq!(words_in(&format!("甲{cue}乙")), (true, false));
            assert_eq!(words_in(&format!("甲{}{cue}乙", ASIDES[0])), (true, true));
        }
        for aside in ASIDES {
            assert_eq!(words_in(&format!("甲{aside}乙")), (false, true), "{aside}");
        }
        assert_eq!(words_in("甲乙"), (false, false));
    }
}
