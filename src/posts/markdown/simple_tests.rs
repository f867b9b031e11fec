//! The short way beside `blocks` and comrak: where it answers, the answer is theirs.

use proptest::prelude::*;

use super::super::super::decode::is_everyday;
use super::super::{options, render};
use super::*;

const PARTS: &[&str] = &[
    "甲乙",
    "丙",
    "。",
    "，",
    "：",
    "（",
    "）",
    "“",
    "”",
    "…",
    "—",
    "a",
    "b c",
    "1",
    "20",
    " ",
    "  ",
    "\n",
    "\n",
    "\n\n",
    "\n\n",
    "\n\n",
    "\n \n",
    "\n\t",
    "\u{3000}",
    "\u{3000}\u{3000}",
    "\u{A0}",
    "\u{200B}",
    "\u{FEFF}",
    "\u{2028}",
    "\u{85}",
    "😀",
    "é",
    ".",
    "..",
    "...",
    "-",
    "--",
    "---",
    "+",
    "=",
    "==",
    "#",
    "# ",
    "## ",
    "> ",
    ">",
    "\n> ",
    "\n> ",
    ": ",
    ":",
    "1. ",
    "1) ",
    "- ",
    "* ",
    "+ ",
    "*",
    "**",
    "**",
    "**",
    "***",
    "_",
    "__",
    "~",
    "~~",
    "`",
    "```",
    "$",
    "$$",
    "|",
    "\\",
    "\\\n",
    "&",
    "&amp;",
    "&copy;",
    "\"",
    "'",
    "!",
    "?",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "{:.a}",
    "^",
    "%",
    "@",
    "/",
    ";",
    "<",
    "<>",
    "<br>",
    "<b>",
    "<div>",
    "<http://a.test/1,2.html>",
    "<http://a.test/?a=1&b=2>",
    "<https://a.test/a_b_c>",
    "<mailto:a@b.test>",
    "[专题](/a/1.html)",
    "[甲](/a?b=1&c=2)",
    "[a b](http://a.test/x_y_z)",
    "[ 甲 ](b)",
    "[](b)",
    "[a]()",
    "[a](b \"c\")",
    "[a](<b>)",
    "[a](b--c)",
    "[a](b(c)d)",
    "[甲]",
    "[甲]: /b",
    "[^1]",
    "[^1]: 甲",
    "![图](/1.jpg)",
    "![](/1.jpg)",
    "![a.b-c](/1.jpg)",
    "[![a](b)](c)",
    "[**甲**](b)",
    "**甲**",
    "**甲乙。**",
    "**（甲）**",
    "**a b**",
    "**[甲](b)**",
    "http://a.test",
    "www.a.test",
    "a@b.test",
    "3~5",
    "$5",
    "A-B",
    "1.5%",
    "C++",
    "[x] ",
    "- [ ] a",
    "===",
    "* * *",
];

/// Parts that the short way takes, which it seldom would get all alone.
fn everyday() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "甲乙",
        "丙",
        "。",
        "，",
        "a",
        "1.5%",
        "A-B",
        "!",
        "$5",
        " b",
        "\u{3000}甲",
        "\n甲",
        "\n\n",
        "\n\n\n",
        "\n\n> 甲",
        "\n> 乙",
        "\n\n## 题 ",
        "\n\n# a",
        "\n# b",
        "**",
        "**",
        "**甲**",
        "\n\n**甲[乙](c)**\n\n",
        "[乙](/c?d=1&e)",
        "![](/1.jpg)",
        "![图](/1.jpg)",
        "<http://a.test/1,2.html>",
        "\n[甲](b)",
        "\n<http://a.test/?a=1&b=2>",
        "\n\n1",
        "(",
        ")",
        ": ",
        "\n2022年",
    ]);
    prop::collection::vec(part, 0..16).prop_map(|parts| parts.concat())
}

fn soup() -> impl Strategy<Value = String> {
    let part = prop_oneof![2 => Just("甲"), 5 => prop::sample::select(PARTS)];
    prop::collection::vec(part, 0..10).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn an_answer_is_that_of_the_long_way(text in prop_oneof![everyday(), soup()]) {
        if is_everyday(&text) {
            let html = to_html(&text);
            let theirs = html.as_deref().map(|html| Tree::parse_within(html, usize::MAX, true));
            // A debug print says all of a tree.
            prop_assert_eq!(
                tree(&text).map(|tree| format!("{tree:?}")),
                theirs.flatten().map(|tree| format!("{tree:?}"))
            );
        }
        if let Some(html) = to_html(&text) {
            prop_assert_eq!(html, render(&text, &options(), 0), "{:?}", text);
        }
    }

    /// No character but those that are known to have a meaning changes anything.
    #[test]
    fn any_character_is_what_it_is_to_the_long_way(text in "甲?\\PC{1,3}(\n\\PC)?甲?\\PC?") {
        if let Some(html) = to_html(&text) {
            prop_assert_eq!(html, render(&text, &options(), 0), "{:?}", text);
        }
    }
}

/// More by hand, when a rule changed: `TAGWIRE_CASES=1000000 cargo test --release --lib simple`.
fn cases() -> u32 {
    let cases = std::env::var("TAGWIRE_CASES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(4_000)
}

#[test]
fn everyday_bodies_go_the_short_way() {
    for (text, html) in [
        ("", ""),
        ("甲。\n乙\n\n丙\n", "<p>甲。\n乙</p>\n<p>丙</p>\n"),
        (
            "> 甲\n\n**乙[丙](/d_e.html)**\n\n![图](/1.jpg)",
            "<blockquote>\n<p>甲</p>\n</blockquote>\n<p><strong>乙<a href=\"/d_e.html\">丙</a></strong></p>\n\
             <p><img src=\"/1.jpg\" alt=\"图\" /></p>\n",
        ),
        (
            "## 题\n\n甲**乙**丙1.5%。\n\n<http://a.test/1,2.html?a=1&b=2>\n",
            "<h2>题</h2>\n<p>甲<strong>乙</strong>丙1.5%。</p>\n<p><a href=\"http://a.test/1,2.html?a=1&amp;b=2\">\
             http://a.test/1,2.html?a=1&amp;b=2</a></p>\n",
        ),
    ] {
        assert_eq!(to_html(text).as_deref(), Some(html));
    }
}

#[test]
fn what_has_a_meaning_goes_the_long_way() {
    for text in [
        "- 甲",
        "1. 甲",
        "1) 甲",
        "* 甲",
        "+ 甲",
        "    甲",
        "甲  \n乙",
        "甲\\\n乙",
        "甲\n===",
        "甲\n---",
        "|甲|",
        "~甲~",
        "`甲`",
        "*甲*",
        "_甲_",
        "***甲***",
        "**甲",
        "甲** 乙**",
        "\"甲\"",
        "it's",
        "a--b",
        "a...",
        "&amp;",
        "<b>甲</b>",
        "$$x$$",
        "{:.a}",
        "[甲]",
        "[甲]: /b",
        "[^1]",
        "[甲](b \"c\")",
        "[甲](汉)",
        "> 甲\n乙",
        "甲\n> 乙",
        ">甲",
        "甲\n# 乙",
        "# 甲 #",
        "#",
        ": 甲",
        " 甲",
        "\u{3000}\n",
        "^",
        "\u{FEFF}甲",
    ] {
        assert_eq!(to_html(text), None, "{text:?}");
    }
}
