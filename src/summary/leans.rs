//! Which sentences point back at what was said before them.
//! In: a sentence. Out: whether it only makes sense after another.
//! By its first word alone.

use super::begins;

/// Words that point back at what was said before.
pub(super) const BACK: &[&str] = &[
    "该",
    "其中",
    "其",
    "他",
    "她",
    "它",
    "这",
    "此",
    "对此",
    "上述",
    "同时",
    "因此",
    "所以",
    "因而",
    "于是",
    "从而",
    "然而",
    "但",
    "不过",
    "可是",
    "而",
    "否则",
    "而且",
    "并",
    "则",
    "另一方面",
    "相比之下",
    "反之",
    "也",
    "还",
    "又",
    "第二，",
    "第三，",
    "第四，",
    "第五，",
    "第二是",
    "第三是",
    "至此",
    "之所以",
    "二是",
    "三是",
    "四是",
    "五是",
    "二、",
    "三、",
    "其次",
    "再次",
    "最后",
    "例如",
    "比如",
    "譬如",
    "接着",
    "然后",
    "随后",
    "之后",
    "為此",
    "該",
    "這",
    "對此",
    "同時",
    "但是",
    "不過",
    "她",
    "兩者",
    "两者",
    "前者",
    "后者",
    "如下",
    "以下",
    "以上",
    "那",
    "与之",
    "为此",
    "即",
    "更",
    "除此",
    "由此",
    "据此",
];

/// The same in English, followed by a space or a comma.
const BACK_ENGLISH: &[&str] = &[
    "he",
    "she",
    "it",
    "they",
    "this",
    "that",
    "these",
    "those",
    "his",
    "her",
    "its",
    "their",
    "but",
    "however",
    "so",
    "therefore",
    "and",
    "then",
    "such",
    "also",
    "thus",
    "second",
    "third",
    "finally",
    "instead",
    "yet",
    "or",
    "nor",
    "for example",
    "for instance",
    "as such",
    "in that",
];

/// True for a sentence that only makes sense after the one before it.
pub(super) fn leans(sentence: &str) -> bool {
    // 该省、该市 and the like point back; 其他、其实、这里 lean too, so that the prefix is enough.
    // 并购、更新、即将、还原、也门、其实 begin with such a character and do not point back.
    const FREE: &[&str] = &[
        "并购",
        "更新",
        "即将",
        "即日",
        "还原",
        "也门",
        "还款",
        "还本",
        "又一",
        "此次",
        "这是",
        "而今",
        "更多",
        "即使",
        "最后期限",
        "其他",
    ];
    if !begins::may_point_back(sentence) {
        return false;
    }
    if FREE.iter().any(|word| sentence.starts_with(word)) {
        return sentence.starts_with("这是") || sentence.starts_with("其他");
    }
    if BACK.iter().any(|word| sentence.starts_with(word)) {
        return true;
    }
    let first = sentence
        .split([' ', ','])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    BACK_ENGLISH.contains(&first.as_str())
        || ["for example", "for instance"]
            .iter()
            .any(|words| sentence.to_ascii_lowercase().starts_with(words))
}
