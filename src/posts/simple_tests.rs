//! The short way beside html5ever and ammonia: where it answers, the answer is theirs.

use proptest::prelude::*;

use super::super::browser;
use super::super::sanitize;
use super::super::tree::Mark;
use super::*;

const NAMES: &[&str] = &[
    "p",
    "p",
    "p",
    "a",
    "a",
    "span",
    "b",
    "strong",
    "em",
    "i",
    "font",
    "sub",
    "q",
    "code",
    "br",
    "br/",
    "br /",
    "img",
    "img",
    "hr",
    "wbr",
    "h1",
    "h2",
    "div",
    "center",
    "blockquote",
    "section",
    "figure",
    "ul",
    "ol",
    "li",
    "li",
    "table",
    "tr",
    "td",
    "pre",
    "form",
    "input",
    "button",
    "textarea",
    "script",
    "style",
    "svg",
    "math",
    "title",
    "select",
    "option",
    "nobr",
    "P",
    "x-y",
    "image",
    "body",
    "html",
    "template",
    "iframe",
    "plaintext",
    "dd",
    "rt",
    "address",
    "isindex",
];
const TEXTS: &[&str] = &[
    "甲乙。",
    "a",
    " ",
    "\n",
    "\t",
    "\u{A0}",
    "é",
    "&amp;",
    "&lt;",
    "&gt;b",
    "&quot;",
    "&nbsp;",
    "&amp",
    "&lt",
    "&",
    "& ",
    "&#60;",
    "&#x3c;",
    "&copy;",
    "&x=1",
    "&lt=1",
    "<",
    "< b",
    "<!-- c -->",
    "<!x>",
    "<?x>",
    "</>",
    "</ p>",
    "\"",
    "'",
    "\u{FEFF}",
    "\u{0}",
    "\u{C}",
    "\r",
    "\u{85}",
    "\u{FFFD}",
    "😀",
    "javascript:x",
    "]]>",
    "<b",
    "</b",
    "<b x=\"",
];
const ATTRIBUTES: &[&str] = &[
    " href=\"https://a.test/?x=1&amp;y=2\"",
    " href=\"/b?x=1&y=2\"",
    " href=' javascript:x'",
    " href=\"java\nscript:x\"",
    " href=\"http://[\"",
    " href=\"HTTP://A.test/汉\u{A0}\"",
    " href=\"data:x\"",
    " href=\"mailto:a@b.test\"",
    " href=\"\"",
    " href",
    " src=\"https://a.test/1.jpg\"",
    " src='//x'",
    " title=\"<b>&quot;'\"",
    " title='a\"b'",
    " title='&lt;&gt;'",
    " alt=\"图\"",
    " lang=zh",
    " lang=\"zh\"",
    " dir='rtl'",
    " class=\"m n\"",
    " id='x'",
    " style=\"display:none\"",
    " onclick=\"x()\"",
    " start=\"3\"",
    " cite=\"javascript:x\"",
    " datetime=\"2022\"",
    " TITLE=\"x\"",
    " title=\"a\" title=\"b\"",
    " title = \"x\"",
    " title=\"&lt=1&copy=2\"",
    " title=\"&#65;\"",
    "\thidden",
    "\nwidth=\"1\"",
    " xlink:href=\"https://a.test\"",
    " a=\"1\"b=\"2\"",
    "/",
    " /",
    " =\"x\"",
    " <",
    " \"",
];

/// HTML that is nearly always well-formed in its tags, and now and then not.
fn html() -> impl Strategy<Value = String> {
    let text = prop::sample::select(TEXTS).prop_map(str::to_owned);
    let plain = prop::sample::select(&TEXTS[..11]).prop_map(str::to_owned);
    let leaf = prop_oneof![4 => plain, 1 => text];
    let attributes = prop::collection::vec(prop::sample::select(ATTRIBUTES), 0..3);
    let many = |part: BoxedStrategy<String>| {
        prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
    };
    let tree = leaf.prop_recursive(5, 40, 5, move |part| {
        let common = prop::sample::select(&NAMES[..33]);
        let name = prop_oneof![6 => common, 1 => prop::sample::select(NAMES)];
        let ending = prop_oneof![20 => Just(0_u8), 1 => Just(1), 1 => Just(2)];
        let inside = prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat());
        (name, attributes.clone(), inside, ending).prop_map(|(name, attributes, inside, ending)| {
            let open = format!("<{name}{}>", attributes.concat());
            let is_void = matches!(name, "br" | "br/" | "br /" | "img" | "hr" | "wbr" | "input");
            match (is_void, ending) {
                (true, 0..2) => open,
                (false, 1) => format!("{open}{inside}"),
                (false, 2) => format!("{open}{inside}</b>"),
                _ => format!("{open}{inside}</{name}>"),
            }
        })
    });
    many(tree.boxed())
}

fn clean(html: &str) -> String {
    sanitize::builder().clean(html).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn an_answer_is_what_browsers_parse(html in html(), marks in prop::collection::vec(0..6_u8, 40)) {
        let Some(mut tree) = parse(&html, false) else {
            return Ok(());
        };
        let theirs = browser::parse(&html);
        let ids = tree.ids();
        prop_assert_eq!(ids.clone(), theirs.ids());
        for id in std::iter::once(ROOT).chain(ids.clone()) {
            prop_assert_eq!(tree.node(id), theirs.node(id), "{}", html);
        }
        prop_assert_eq!(sanitize::write(&tree, 0), clean(&tree.html(0)));
        // As cleaning does: anything may be cut, spans and links may be unwrapped.
        for (id, mark) in ids.zip(marks) {
            let is_inline = matches!(tree.node(id).name.name(), "a" | "span");
            match mark {
                0 => tree.mark(id, Mark::Cut),
                1 if is_inline => tree.mark(id, Mark::Unwrapped),
                2 => tree.set_attr(id, "href", None),
                3 => tree.set_attr(id, "href", Some("https://b.test/\"<>&\u{A0}".to_owned())),
                _ => {}
            }
        }
        prop_assert_eq!(sanitize::write(&tree, 0), clean(&tree.html(0)));
    }
}

/// More by hand, when a rule changed: `TAGWIRE_CASES=1000000 cargo test --release --lib simple`.
fn cases() -> u32 {
    let cases = std::env::var("TAGWIRE_CASES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(2_000)
}

#[test]
fn everyday_bodies_go_the_short_way() {
    for html in [
        "",
        "甲。",
        "<p>甲</p>\n<p>乙<a href=\"/zhuanti/1.html\" class='x'>丙</a>&nbsp;&amp;</p>\n",
        "<div class=\"a\"><h2>题</h2><ul>\n<li>一<br/>二</li></ul><center><img src=\"/1.jpg\" alt=\"\" /></center></div>",
        "<blockquote>\n<p><strong>甲</strong></p>\n</blockquote>\n<hr />",
        "<p><a href='http://a.test/?x=1&y=2'>返回首页</a></p>",
    ] {
        assert!(parse(html, false).is_some(), "{html}");
    }
}

#[test]
fn what_a_parser_would_mend_goes_the_long_way() {
    for html in [
        "<p>甲",
        "<p>甲<p>乙</p></p>",
        "<p><div>甲</div></p>",
        "<b><i>甲</b></i>",
        "<a href='#'>甲<b><a href='#'>乙</a></b></a>",
        "<li>甲</li>",
        "<h1><b><h2>甲</h2></b></h1>",
        "<table><p>甲</p></table>",
        "<pre>\n甲</pre>",
        "<p>&copy 甲</p>",
        "<script>x</script>",
        "<p a=1>甲</p>",
        "<p><!-- 甲 --></p>",
        "</p>",
        "<p/>",
        "甲<",
    ] {
        assert!(parse(html, false).is_none(), "{html}");
    }
}
