//! What must hold beyond agreement with kramdown, which `tests/it/agrees_with_kramdown.rs` proves.

use proptest::prelude::*;

use super::*;

fn run(text: &str) -> String {
    kramdown(text).trim().to_owned()
}

#[test]
fn html_goes_on_to_its_closing_tag() {
    assert_eq!(
        run("<div>\n\n*a*\n\n</div>\n*b*"),
        "<div>\n\n*a*\n\n</div>\n<p><em>b</em></p>"
    );
    assert_eq!(
        run("<p>甲</p>\n[乙](/b)"),
        "<p>甲</p>\n<p><a href=\"/b\">乙</a></p>"
    );
}

#[test]
fn a_mark_of_the_authors_own_gives_nothing_away_twice() {
    let body = format!(
        "<div>{}</div>\n\n{}",
        "x".repeat(1000),
        "甲<!--tagwire:0-->".repeat(1000)
    );
    assert!(run(&body).len() < 20_000);
    assert_eq!(
        run("甲<!--tagwire:99999999999-->乙"),
        "<p>甲<!--tagwire:99999999999-->乙</p>"
    );
}

#[test]
fn single_tildes_and_numbers_in_parentheses_are_text() {
    assert_eq!(run("3~5元，7~9元"), "<p>3~5元，7~9元</p>");
    assert_eq!(run("1) 甲\n2) 乙"), "<p>1) 甲\n2) 乙</p>");
    assert_eq!(run("    3~5\n"), "<pre><code>3~5\n</code></pre>");
}

#[test]
fn addresses_may_have_blanks() {
    for (text, html) in [
        (
            "![码头 图](/a/码头 a.png)",
            r#"<img src="/a/%E7%A0%81%E5%A4%B4%20a.png" alt="码头 图" />"#,
        ),
        (
            "[附件](/通知 b.docx)",
            r#"<a href="/%E9%80%9A%E7%9F%A5%20b.docx">附件</a>"#,
        ),
        (
            "[a](/b c 'd\" e')",
            r#"<a href="/b%20c" title="d&quot; e">a</a>"#,
        ),
        (
            "[a](/b \"c \"d\" e\" )",
            r#"<a href="/b" title="c &quot;d&quot; e">a</a>"#,
        ),
        ("[a](/b (c d) e)", r#"<a href="/b%20(c%20d)%20e">a</a>"#),
        ("[a](/b (c))", r#"<a href="/b%20(c)">a</a>"#),
        ("[a]( /b c )", r#"<a href="/b%20c">a</a>"#),
        ("[a](/b <c> d)", r#"<a href="/b%20%3Cc%3E%20d">a</a>"#),
        ("[a](/b\\) c)", r#"<a href="/b%5C">a</a> c)"#),
        ("[a](/b~c d) 3~5", r#"<a href="/b~c%20d">a</a> 3~5"#),
        (
            "[![a](/b c.png)](/d e)",
            r#"<a href="/d%20e"><img src="/b%20c.png" alt="a" /></a>"#,
        ),
        ("[a](</b c>)", r#"<a href="/b%20c">a</a>"#),
    ] {
        let html = format!("<p>{html}</p>");
        assert_eq!(run(text), html, "{text}");
    }
}

#[test]
fn what_looks_like_an_address_with_blanks_may_be_none() {
    for (text, html) in [
        ("`[a](/b c)`", "<p><code>[a](/b c)</code></p>"),
        ("    [a](/b c)", "<pre><code>[a](/b c)</code></pre>"),
        (
            "```\n[a](/b c)\n[a]: /b c\n```",
            "<pre><code>[a](/b c)\n[a]: /b c\n</code></pre>",
        ),
        ("\\[a](/b c)", "<p>[a](/b c)</p>"),
        ("[a\\](/b c)", "<p>[a](/b c)</p>"),
        ("a](/b c)", "<p>a](/b c)</p>"),
        ("[a] (/b c)", "<p>[a] (/b c)</p>"),
        (
            "[a] = b(c d) [](e)",
            "<p>[a] = b(c d) <a href=\"e\"></a></p>",
        ),
        ("[^1](b c)", "<p>[^1](b c)</p>"),
        ("[a](/b (c d)", "<p>[a](/b (c d)</p>"),
        ("[a](/b c \"d)", "<p>[a](/b c “d)</p>"),
        ("[a](/b 'c' d)", "<p>[a](/b ‘c’ d)</p>"),
        (
            "a <b title=\"[c](/d e)\">f</b>",
            "<p>a <b title=\"[c](/d e)\">f</b></p>",
        ),
        (
            "a <a href=\"/~b\">3~5</a>",
            "<p>a <a href=\"/~b\">3~5</a></p>",
        ),
        (
            "[a [b](/c d) e](/f g)",
            "<p>[a <a href=\"/c%20d\">b</a> e](/f g)</p>",
        ),
        ("a\n[a]: /b c", "<p>a\n[a]: /b c</p>"),
        ("[a]\n\n[a]: /b c \"d", "<p>[a]</p>\n<p>[a]: /b c “d</p>"),
    ] {
        let ours = run(text).replace("\n</code></pre>", "</code></pre>");
        let html = html.replace("\n</code></pre>", "</code></pre>");
        assert_eq!(ours, html, "{text}");
    }
}

#[test]
fn addresses_of_references_may_have_blanks() {
    assert_eq!(
        run("[a] 与 [b]\n\n[a]: /c d.png\n[x]: /y\n[b]: /e f \"g \"h\"\"\n甲"),
        "<p><a href=\"/c%20d.png\">a</a> 与 <a href=\"/e%20f\" title=\"g &quot;h&quot;\">b</a></p>\n<p>甲</p>"
    );
    assert_eq!(
        run("[a]\n\n[a]: /b c\n    'd'\n"),
        "<p><a href=\"/b%20c\" title=\"d\">a</a></p>"
    );
    assert_eq!(run("[1]: 甲 乙"), "");
    assert_eq!(
        run("正文[^1]。\n\n[^1]: 甲 [a](/b c)")
            .matches("/b%20c")
            .count(),
        1
    );
}

#[test]
fn footnotes_have_the_addresses_that_kramdown_gives_them() {
    let html = run("甲[^1]乙[^a-2]丙[^1]。\n\n[^1]: 一。\n[^a-2]: 二。\n\n    - 三");
    let addresses = |html: &str| -> Vec<String> {
        let quoted = html.split('"').skip(1).step_by(2);
        quoted
            .filter(|text| text.contains("fn"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        addresses(&html),
        [
            "#fn:1",
            "fnref:1",
            "#fn:a-2",
            "fnref:a-2",
            "#fn:1",
            "fnref:1:1",
            "fn:1",
            "#fnref:1",
            "#fnref:1:1",
            "fn:a-2",
            "#fnref:a-2",
        ],
        "{html}"
    );
    assert!(html.ends_with("</section>") && html.matches("<section").count() == 1);
    assert!(html.contains("<p>一。 <a href"), "{html}");
}

/// Each takes a careless reader quadratic time or memory.
#[test]
fn long_nonsense_ends() {
    for text in [
        "<!--",
        "<div>",
        "<div>\n",
        "</div>\n",
        "<code>",
        "{:",
        "){:",
        "{::comment}",
        "{::comment}\n",
        "$$",
        "$$\n\n",
        "$$ a",
        "<mailto:",
        "|",
        "|\n",
        "|a\n\n",
        "`",
        "``` ``",
        "~",
        "- <div>\n",
        "- ",
        "*[a",
        "{:toc}\n",
        "^\n\n",
        "<a b=\"",
        "<a b='\n",
        "[^a]",
        "<div markdown=\"1\">\n",
        "----",
        "#\n",
        "> <div>\n",
        "1)",
        "<code>x</code>",
        "[a](",
        "[a](b c",
        "[a](b \"c",
        "[",
        "[a]: b c\n",
        "x<style>",
        "x<style></style>",
        "x<!-- ",
        "<a ",
        "<a x='<b y=\"",
        "<?",
        "- <!-- a\n",
        "甲 <b\n",
    ] {
        let body = text.repeat(20_000);
        let html = run(&body);
        assert!(
            html.len() < body.len() * 40 + 1000,
            "{text}: {}",
            html.len()
        );
    }
}

#[test]
fn a_table_cannot_be_blown_up_by_one_long_row() {
    let body = format!("|{}\n{}", "a|".repeat(5_000), "|b|\n".repeat(5_000));
    assert!(run(&body).len() < 200_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_soup_is_rendered(words in prop::collection::vec(prop::sample::select(vec![
        "\n", "\n\n", " ", "    ", "\t", "- ", "* ", "1. ", "1) ", "> ", "# ", "|", "---", "|---|", "===", "{:", "}", "{:.a}",
        "{: .a}\n", "{:toc}", "{::comment}", "{:/}", "$$", "$", "~", "~~", "`", "```", "```\n", "<div>", "</div>", "<p>", "</p>",
        "<code>", "</code>", "<!--", "-->", "<br>", "<div markdown=\"1\">", "[^1]", "[^1]: x", "*[A]: b", "甲", "乙。", "**", "_",
        "[a](b)", "![](c)", "[a](b c)", "](", "(", ")", "[a]: b c", "\\", "\"", "^", "\u{FDD0}", "<!--tagwire:0-->", "<script>", "</script>", ": ", "<http://a.test>",
    ]), 0..60)) {
        kramdown(&words.concat());
    }

    #[test]
    fn plain_words_stay(text in "[甲乙丙a-c ，。]{1,60}") {
        let text = format!("甲{text}");
        let seen: String = kramdown(&text).replace("<p>", "").replace("</p>", "");
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        prop_assert_eq!(letters(&seen), letters(&text));
    }
}

#[test]
fn what_is_never_closed_is_text_and_takes_nothing_with_it() {
    for (text, html) in [
        (
            "HTML 里 <style> 放样式\n\n后文",
            "<p>HTML 里 &lt;style&gt; 放样式</p>\n<p>后文</p>",
        ),
        (
            "## <script> 标签详解\n\n后文",
            "<h2>&lt;script&gt; 标签详解</h2>\n<p>后文</p>",
        ),
        (
            "一\n\n<!-- 待补\n\n二",
            "<p>一</p>\n<p>&lt;!– 待补</p>\n<p>二</p>",
        ),
        (
            "<h3 style=\"color:red>小标题</h3>\n\n二",
            "<p>&lt;h3 style=“color:red&gt;小标题</h3></p>\n<p>二</p>",
        ),
        (
            "- <!-- 待补\n- 乙\n\n丙 <!-- 注 -->\n\n二",
            "<ul>\n<li>&lt;!– 待补</li>\n<li>乙</li>\n</ul>\n<p>丙 <!-- 注 --></p>\n<p>二</p>",
        ),
        ("甲 <?php 乙\n\n二", "<p>甲 &lt;?php 乙</p>\n<p>二</p>"),
        (
            "- 甲 <textarea> 乙\n\n二",
            "<ul>\n<li>甲 &lt;textarea&gt; 乙</li>\n</ul>\n<p>二</p>",
        ),
    ] {
        assert_eq!(run(text), html, "{text}");
    }
    // What is closed in a later line of the paragraph is what it was.
    for whole in [
        "甲 <script>\nlet a = 1;\n</script>",
        "甲 <a\nhref=\"/b\">乙</a>",
        "甲 <!-- 乙\n丙 --> 丁",
        "<http://a.test/x>，<a@b.test>",
        "- <!-- 旧稿\n\n  内部备注 -->\n  正文",
        "甲 <STYLE>a</style> 乙",
    ] {
        assert!(!run(whole).contains("&lt;"), "{whole}: {}", run(whole));
    }
}

#[test]
fn extensions_may_end_in_their_line_and_lists_of_attributes_stand_alone() {
    assert_eq!(
        run("{::comment}a{:/comment}\n\n要紧\n\n{::comment}b{:/comment}"),
        "<p>要紧</p>"
    );
    assert_eq!(
        run("{::nomarkdown}<b>*x*</b>{:/nomarkdown}\n\n二"),
        "<b>*x*</b>\n<p>二</p>"
    );
    assert_eq!(run("{::comment}\na\n\nb\n{:/comment}\n二"), "<p>二</p>");
    assert_eq!(run("{: .note} see {a}"), "<p>{: .note} see {a}</p>");
    assert_eq!(run("一\n{: .note}\n\n二"), "<p>一</p>\n\n<p>二</p>");
    assert_eq!(run("## 语法 {#if user}"), "<h2>语法 {#if user}</h2>");
    assert_eq!(run("## 语法 {#if-user}"), "<h2>语法</h2>");
}

#[test]
fn a_bar_before_the_first_row_alone_makes_bars_of_the_edges() {
    let open = run("| 一 | 二\n甲 | 乙\n");
    assert!(open.contains("<td>甲</td>"), "{open}");
    let bare = run("项目 | 一季度 | 二季度\n--- | --- | ---\n营收 | 10 | 20\n | | 30\n");
    assert!(
        bare.ends_with("<td></td>\n<td></td>\n<td>30</td>\n</tr>\n</tbody>\n</table>"),
        "{bare}"
    );
}
