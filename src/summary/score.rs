//! How much a unit tells: by its place, what it shares with the title and with the rest, and cue words.
//! In: the units with their terms, the title's terms. Out: a number for each; higher tells more.
//! The weights were tuned on one half of the digests in `benches/RESULTS.md` and measured on the other.

use super::centrality::Shared;
use super::postings::MOST;
use super::units::Unit;
use super::words::Kinds;

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
pub(super) const CUES: &[&str] = &[
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
pub(super) const ASIDES: &[&str] = &[
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

/// A number for each unit. `shared` tells how its terms meet others and the title's.
pub(super) fn of(units: &[Unit<'_>], shared: &Shared) -> [f64; MOST] {
    let title_terms = shared.title_terms();
    let mut scores = shared.ranks();
    let all = units.iter().zip(shared.in_title()).enumerate();
    for (score, (at, (unit, in_title))) in scores.iter_mut().zip(all) {
        let place = PLACE / (1.0 + FADE * at as f64);
        let echo = match title_terms {
            0 => 0.0,
            all => f64::from(in_title) / all as f64,
        };
        *score = place + TITLE * echo + CENTRAL * *score + manner(unit);
    }
    scores
}

/// What the sentence's form and words say.
fn manner(unit: &Unit<'_>) -> f64 {
    let text = unit.text.as_ref();
    let question = !text.ends_with('。')
        && text
            .trim_end_matches(['”', '"', '」'])
            .ends_with(['？', '?']);
    let quoted = text.starts_with(['“', '"', '「']);
    let is_short = unit.chars < SHORT;
    // Which hold is hard to foretell: all are added up, as 0 if they do not.
    let parts = [
        (unit.words.has(Kinds::CUE), CUE),
        (unit.words.has(Kinds::ASIDE), -WEAK),
        (unit.has_digit, FIGURE),
        (unit.opens, OPENS),
        (question, -WEAK),
        (quoted, -WEAK),
        (!unit.ended, -WEAK),
        (is_short, -WEAK),
    ];
    let parts = parts.map(|(holds, part)| f64::from(u8::from(holds)) * part);
    parts.iter().fold(0.0, |sum, part| sum + part)
}
