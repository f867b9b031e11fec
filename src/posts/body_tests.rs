//! Bodies in the forms that real posts have.

use super::super::rules::example_rules;
use super::*;

fn run_as(source: &str, is_html: bool) -> (Body, Vec<&'static str>) {
    let mut findings = Findings::new("x.md");
    let place = Place {
        is_everyday: false,
        url: "/news/2022/02/18/a.html",
        is_html,
        line: 1,
        page: Some(&Object::new),
    };
    let body = read(source, &place, &example_rules(), &mut findings);
    (body, findings.into_list().iter().map(|p| p.kind).collect())
}

fn run(source: &str) -> Body {
    run_as(source, false).0
}

#[test]
fn html_in_markdown_stays_html_line_by_line() {
    let body = run(
        "<p>甲</p>\n <p>乙</p>\r\n <p>丙</p><p class=\"m\">（文章来源：丁报）</p>\n\n<http://a.test/1.html>\n\n[返回丁报](//a.test/d.html)｜[返回首页](//a.test/)",
    );
    assert_eq!(body.text, "甲\n乙\n丙");
    assert_eq!(body.html.matches("<p>").count(), 3);
    assert_eq!(body.source.as_deref(), Some("丁报"));
    assert_eq!(body.via.as_deref(), Some("http://a.test/1.html"));
}

#[test]
fn the_digest_is_apart_from_the_text_but_in_the_html() {
    let body = run("> 甲公司宣布乙。（上海某报）\n\n<p>甲公司宣布乙。</p><p>丙。</p>\n\n<>\n");
    assert_eq!(body.digest.as_deref(), Some("甲公司宣布乙。"));
    assert_eq!(body.text, "丙。");
    assert!(body.html.starts_with("<blockquote>"), "{}", body.html);
    assert!(!body.html.contains("&lt;&gt;"));
    assert_eq!(run("丙\n\n> 甲").digest, None);
    assert_eq!(run("> 甲(2022)\n\n乙").digest.as_deref(), Some("甲(2022)"));
    assert_eq!(run("> 一\n>\n> 二\n\n三").text, "二\n三");
}

#[test]
fn markdown_is_read_as_chinese_authors_write_it() {
    let body = run(
        "**“重点”**新闻\n\n他说**「你好」**了\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n~~x~~ http://a.test，后文\n{: .note}\n",
    );
    assert!(
        body.html.contains("<strong>“重点”</strong>新闻"),
        "{}",
        body.html
    );
    assert!(body.html.contains("<strong>「你好」</strong>"));
    assert!(body.html.contains("<table>") && body.html.contains("<del>x</del>"));
    assert!(!body.html.contains("note") && !body.html.contains("href"));
}

#[test]
fn nothing_that_runs_comes_through() {
    let body = run(
        "a <script>alert(1)</script> <b onclick=x>b</b> [c](javascript:alert(1)) <iframe src=//e.test></iframe>\n\n<form><input></form>\n\n<style>p{}</style>\n\n<svg><script>1</script></svg>",
    );
    for bad in [
        "script",
        "onclick",
        "javascript",
        "iframe",
        "form",
        "style",
        "svg",
    ] {
        assert!(!body.html.contains(bad), "{bad} in {}", body.html);
    }
    assert!(!body.text.contains("alert"));
}

#[test]
fn links_and_images_are_absolute() {
    let body = run("[a](b.html) [c](/d) [e](//f.test/) [g](#h) ![i](j.png) <mailto:k@l.test>");
    for good in [
        "https://news.example/news/2022/02/18/b.html",
        "\"https://news.example/d\"",
        "\"https://f.test/\"",
        "a.html#h",
        "mailto:k@l.test",
    ] {
        assert!(body.html.contains(good), "{good} in {}", body.html);
    }
    assert_eq!(
        body.image.as_deref(),
        Some("https://news.example/news/2022/02/18/j.png")
    );
}

#[test]
fn the_lead_image_is_seen_and_no_chart() {
    let hidden =
        "<div style=\"display: none\"><p><img src=\"https://i.test/hidden.png\"></p></div>";
    let chart = "<p><a href=\"https://q.test/\"><img src=\"https://i.test/k.png\" alt=\"K图 600519_0\"></a></p>";
    let photo = "<p><img src=\"https://i.test/photo.png\" alt=\"现场\"></p>";
    let (body, _) = run_as(&format!("{hidden}{chart}{photo}"), true);
    assert_eq!(body.image.as_deref(), Some("https://i.test/photo.png"));
    assert!(body.html.contains("k.png"));
    assert_eq!(run_as(chart, true).0.image, None);
}

#[test]
fn deep_nesting_is_bounded_and_keeps_its_text() {
    for deep in ["<div>".repeat(20_000), ">".repeat(20_000) + " "] {
        let (body, kinds) = run_as(&format!("{deep}市场监管 & <b>x</b>"), false);
        assert!(body.text.contains("市场监管"));
        assert!(kinds.contains(&"too-deep"), "{kinds:?}");
    }
}

#[test]
fn control_characters_cannot_come_in_through_entities() {
    let (body, _) = run_as("<p>a&#8;b&#xFFFE;c]]&gt;</p>", true);
    assert_eq!(body.text, "abc]]>");
    assert!(!body.html.contains(['\u{8}', '\u{FFFE}']));
}

#[test]
fn liquid_is_left_out_and_noted() {
    let (body, kinds) = run_as("a {% include x %}b\n\n{% raw %}{{c}}{% endraw %}", false);
    assert_eq!(
        (body.text.as_str(), kinds),
        ("a b\n{{c}}", vec!["liquid-tag"])
    );
}

#[test]
fn topics_do_not_see_concept_links_and_readers_do() {
    let body = run(
        "<p>甲公司的<span id=\"bk_90.BK0839\"><a href=\"/bk\">知识产权</a></span>与市场<span id=\"bk_1\">板块</span>监管。</p>",
    );
    assert_eq!(body.text, "甲公司的知识产权与市场板块监管。");
    let seen = body.match_text.as_deref();
    assert_eq!(seen, Some("甲公司的\u{FFFC}与市场\u{FFFC}监管。"));
    assert!(!body.html.contains("/bk"));
    let ticker = run("<p>甲<span id=\"stock_0.1\"><a href=\"/q\">乙</a></span></p>");
    assert_eq!((ticker.text.as_str(), ticker.match_text), ("甲乙", None));
}

#[test]
fn marks_of_footnotes_are_in_no_text() {
    let ours = run("甲[^1]乙。\n\n[^1]: 注释。\n");
    assert_eq!(ours.text, "甲乙。\n注释。");
    let theirs = run(
        "<p>甲<sup id=\"fnref:1\"><a href=\"#fn:1\" class=\"footnote\">1</a></sup>乙。</p><div class=\"footnotes\"><p>注释。 <a href=\"#fnref:1\" class=\"reversefootnote\">&#8617;</a></p></div>",
    );
    assert_eq!(theirs.text, "甲乙。\n注释。");
}

#[test]
fn links_lead_where_the_page_has_what_they_mean() {
    let image = run("![码头 图](/assets/码头 a.png)");
    let address = "https://news.example/assets/%E7%A0%81%E5%A4%B4%20a.png";
    assert_eq!(image.image.as_deref(), Some(address));
    assert!(image.html.contains(address), "{}", image.html);
    let note = run("说明[^1]。\n\n[^1]: 来源：统计局。\n");
    assert!(note.html.contains(".html#fn:1\""), "{}", note.html);
    assert!(note.html.contains(".html#fnref:1\""), "{}", note.html);
}

#[test]
fn long_nonsense_ends_soon() {
    for text in [
        "- ", "[", "*a_", "<b>x", "{% ", "{{", "`", "![", "|a", "<p>a", "</b>", "<a>", "{:",
    ] {
        run_as(&text.repeat(20_000), false);
    }
}

#[test]
fn what_is_played_becomes_a_link() {
    for (source, is_html) in [
        ("<audio src=\"/a/ep1.mp3\" controls>旧浏览器</audio>", true),
        (
            "<video controls>\n<source src=\"/a/ep1.mp3\">\n</video>",
            false,
        ),
        ("听 <audio src='/a/ep1.mp3'></audio> 吧", false),
    ] {
        let (body, _) = run_as(source, is_html);
        let link = "<a href=\"https://news.example/a/ep1.mp3\">ep1.mp3</a>";
        assert!(body.html.contains(link), "{}", body.html);
        assert!(
            body.text.contains("ep1.mp3") && !body.text.contains("旧"),
            "{}",
            body.text
        );
    }
    assert_eq!(run_as("<p>甲<video></video></p>", true).0.html, "<p>甲</p>");
    // Nothing is lost to a tag that nothing closes.
    for (source, is_html) in [
        (
            "<audio src=\"/x.mp3\" controls />\n\n后文一\n\n后文二",
            false,
        ),
        (
            "<video src=\"/x.mp4\">\n\n<p>后文一</p>\n\n<p>后文二</p>",
            false,
        ),
        ("听 <audio src=\"/x.mp3\"> 后文一\n\n后文二", false),
        ("听 <audio src=\"/x.mp3\" /> 后文一\n\n后文二", false),
        ("<audio src=\"/x.mp3\"><p>后文一</p><p>后文二</p>", true),
    ] {
        let text = run_as(source, is_html).0.text;
        assert!(
            text.contains("后文一") && text.contains("后文二"),
            "{source}: {text}"
        );
    }
    let inline = run_as("<audio src=\"data:audio/mp3;base64,AAAA\"></audio>甲", true).0;
    assert_eq!(inline.text, "甲");
}
