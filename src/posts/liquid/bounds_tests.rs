//! Liquid as nobody should write it.

use proptest::prelude::*;

use super::super::{Kind, work};
use super::{kinds, render};

/// Each is a body that a plain interpreter would not survive.
#[test]
fn no_body_can_hang_or_eat_memory() {
    let nested = "{% for a in (1..9999) %}".repeat(20) + "x" + &"{% endfor %}".repeat(20);
    let doubling = "{% assign a = 'xxxxxxxxxxxxxxxx' %}".to_owned()
        + "{% for i in (1..99) %}{% assign a = a | append: a %}{% endfor %}{{ a }}";
    let captured = "{% capture a %}xxxxxxxx{% endcapture %}".to_owned()
        + "{% for i in (1..99) %}{% capture a %}{{ a }}{{ a }}{% endcapture %}{% endfor %}";
    let replaced = "{% assign a = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' %}".to_owned()
        + &"{% assign a = a | replace: '', a %}".repeat(9);
    let deep = "{% assign a = 'x' | split: ',' %}{% for i in (1..9999) %}".to_owned()
        + "{% assign b = '' | split: ',' | push: a %}{% assign a = b %}{% endfor %}";
    let joined =
        "{% assign a = 'x' %}{% for i in (1..15) %}{% assign a = a | append: a %}{% endfor %}"
            .to_owned()
            + "{% assign b = a | split: '' | join: a | split: '' | join: a %}";
    let endless =
        "{% for i in (1..9223372036854775807) %}{% assign x = i %}{% endfor %}".to_owned();
    let output = "{% for i in (1..9999999) %}0123456789{% endfor %}".to_owned();
    let cycle =
        "{% for i in (1..9999999) %}{% cycle 'a', 'b' %}{% increment x %}{% endfor %}".to_owned();
    for (name, text) in [
        ("nested", nested),
        ("doubling", doubling),
        ("captured", captured),
        ("replaced", replaced),
        ("deep", deep),
        ("joined", joined),
        ("endless", endless),
        ("output", output),
        ("cycle", cycle),
    ] {
        let rendered = render(&text);
        assert!(rendered.text.len() <= work::MAX_WORK, "{name}");
        let kinds: Vec<Kind> = rendered.notes.iter().map(|note| note.kind).collect();
        assert_eq!(kinds, [Kind::TooMuch], "{name}");
    }
}

#[test]
fn deep_and_endless_tags_are_text() {
    for text in [
        "{% if a %}".repeat(5_000),
        "{% if a %}".repeat(5_000) + &"{% endif %}".repeat(5_000),
        format!("{{{{ a{} }}}}", "[a".repeat(300)),
        format!("{{{{ a{}{} }}}}", "[a".repeat(300), "]".repeat(300)),
        format!("{{% if a %}}{}{{% endif %}}", "{% elsif a %}".repeat(5_000)),
        format!("{{{{ a {} b }}}}", " ".repeat(900)).repeat(500),
        "{% raw %}".repeat(20_000),
        "{{".repeat(50_000),
        "{%".repeat(50_000),
        format!("{{% if {} a %}}", "a and ".repeat(150)).repeat(300),
    ] {
        assert!(kinds(&text).contains(&Kind::KeptAsText) || render(&text).text == text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Soups of Liquid's own words: any answer will do, but an answer it must be.
    #[test]
    fn any_soup_has_an_answer(words in prop::collection::vec(prop::sample::select(vec![
        "{{", "}}", "{%", "%}", "-%}", "{%-", " ", "if", "endif", "for", "endfor", "x", "in", "(1..3)", "|",
        "append:", "'a'", "page", ".", "tags", "[", "]", "0", "-1", "9223372036854775807", "assign", "=", "case",
        "when", "endcase", "else", "elsif", "slice:", ",", "times:", "sort", "raw", "endraw", "capture",
        "endcapture", "甲", "\n", "divided_by:", "truncate:", "date:", "'%Y'", "first", "last", "nil", "<", "contains",
        "cycle", "break", "limit:", "highlight", "endhighlight", "{{ page.tags | ", "{% for i in page.items %}",
    ]), 0..40)) {
        render(&words.concat());
        render(&words.join(" "));
    }

    #[test]
    fn any_filter_takes_anything(
        filter in prop::sample::select(vec!["slice", "truncate", "truncatewords", "round", "times", "divided_by", "modulo",
            "split", "join", "replace", "date", "sort", "where", "pop", "shift", "abs", "plus", "minus", "ceil", "sum",
            "slugify", "jsonify", "url_decode", "escape_once", "find", "map", "group_by", "at_least"]),
        input in prop::sample::select(vec!["page", "page.tags", "page.items", "nil", "-9223372036854775808", "'甲乙'", "1.5",
            "'99999999999999999999'", "true", "''", "page.date"]),
        arguments in prop::collection::vec(prop::sample::select(vec!["0", "-1", "9223372036854775807", "'甲'", "nil", "1.5",
            "''", "page.tags", "-9223372036854775808"]), 0..3),
    ) {
        let arguments = if arguments.is_empty() { String::new() } else { format!(": {}", arguments.join(", ")) };
        let rendered = render(&format!("{{{{ {input} | {filter}{arguments} }}}}"));
        prop_assert!(rendered.notes.is_empty(), "{:?}", rendered.notes);
    }
}
