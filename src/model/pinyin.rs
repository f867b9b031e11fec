//! Chinese names as people type them on a Latin keyboard: full pinyin and initials.
//! In: a name. Out: a few lower-case ASCII spellings, a bounded number of them.
//! Readings come from the `pinyin` crate (Unihan data); tones are left out.

use pinyin::{ToPinyin, ToPinyinMulti};
use unicode_normalization::UnicodeNormalization;

/// Most spellings of each sort: characters with several readings multiply.
const MOST: usize = 6;
/// Characters that are spelled out: nobody types more.
const LONGEST: usize = 40;

/// Full pinyin, then initials: `大众日报` gives `dazhongribao` and `dzrb`. The usual reading comes
/// first, others of characters that have several follow. Latin letters and digits stay as they are.
/// Empty for a name without Chinese characters.
pub fn spellings(name: &str) -> Vec<String> {
    let mut full = vec![String::new()];
    let mut initials = vec![String::new()];
    let mut is_chinese = false;
    for c in name.nfkc().take(LONGEST) {
        if let Some(readings) = readings(c) {
            is_chinese = true;
            append(&mut full, &readings);
            let firsts: Vec<&str> = readings.iter().map(|reading| &reading[..1]).collect();
            append(&mut initials, &firsts);
        } else if c.is_ascii_alphanumeric() {
            let same = c.to_ascii_lowercase().to_string();
            append(&mut full, &[&same]);
            append(&mut initials, &[&same]);
        }
    }
    if !is_chinese {
        return Vec::new();
    }
    full.extend(initials);
    let mut seen = std::collections::BTreeSet::new();
    full.retain(|spelling| seen.insert(spelling.clone()));
    full
}

/// Readings of one character without tones, the usual one first. `None` when it has none.
pub fn readings(c: char) -> Option<Vec<&'static str>> {
    let usual = plain(c.to_pinyin()?.plain());
    let mut all = vec![usual];
    for reading in c.to_pinyin_multi().into_iter().flatten() {
        let reading = plain(reading.plain());
        if !all.contains(&reading) {
            all.push(reading);
        }
    }
    // Interjections such as `m̀` have no plain spelling.
    all.retain(|reading| reading.is_ascii() && !reading.is_empty());
    (!all.is_empty()).then_some(all)
}

/// Keyboards have no `ü`: people type `v`.
fn plain(reading: &'static str) -> &'static str {
    match reading {
        "lü" => "lv",
        "nü" => "nv",
        "lüe" => "lve",
        "nüe" => "nve",
        other => other,
    }
}

/// Every spelling so far with every reading, while they stay few; else with the usual one.
fn append(spellings: &mut Vec<String>, readings: &[&str]) {
    let mut distinct: Vec<&str> = Vec::new();
    for reading in readings {
        if !distinct.contains(reading) {
            distinct.push(reading);
        }
    }
    if spellings.len() * distinct.len() > MOST {
        distinct.truncate(1);
    }
    let mut longer = Vec::with_capacity(spellings.len() * distinct.len());
    for reading in &distinct {
        longer.extend(
            spellings
                .iter()
                .map(|spelling| format!("{spelling}{reading}")),
        );
    }
    *spellings = longer;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_spelled_in_full_and_by_initials() {
        assert_eq!(spellings("新闻"), ["xinwen", "xw"]);
        let daily = spellings("大众日报");
        assert!(daily.contains(&"dazhongribao".to_owned()), "{daily:?}");
        assert!(daily.contains(&"dzrb".to_owned()), "{daily:?}");
        assert!(spellings("２１财经APP").contains(&"21caijingapp".to_owned()));
        assert!(spellings("TechWeb").is_empty());
    }

    #[test]
    fn characters_with_several_readings_give_each() {
        let bank = spellings("银行");
        for wanted in ["yinhang", "yinxing", "yh", "yx"] {
            assert!(bank.contains(&wanted.to_owned()), "{wanted} in {bank:?}");
        }
        assert!(spellings("女足").contains(&"nvzu".to_owned()));
    }

    proptest! {
        #[test]
        fn spellings_are_few_ascii_and_lower_case(name in "[\\u{4e00}-\\u{9fff}a-zA-Z0-9，]{0,60}") {
            let all = spellings(&name);
            prop_assert!(all.len() <= 2 * MOST);
            for spelling in all {
                prop_assert!(spelling.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
            }
        }
    }
}
