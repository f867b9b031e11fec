//! Liquid as posts write it.

use comrak::Options;
use liquid_core::object;
use std::collections::BTreeMap;

use super::super::permalink::Template;
use super::super::settings::NaiveDates;
use super::*;
use crate::model::Site;
use crate::model::zone::zone;

fn engine() -> Engine {
    let example = Site {
        title: "例 Site".into(),
        url: "https://x.test/base".into(),
        description: None,
        author: None,
        language: "zh-CN".into(),
        timezone: zone("Asia/Shanghai"),
    };
    let more = BTreeMap::from([("repository".to_owned(), "https://git.test".into())]);
    let env = Env {
        url: example.url.clone(),
        zone: zone("Asia/Shanghai"),
        naive: NaiveDates::SiteTime,
        markdown: Options::default(),
    };
    Engine::new(site(&example, &more), env)
}

fn render(text: &str) -> Rendered {
    let template = Template::new("date").unwrap();
    let addresses = Addresses {
        template: &template,
        zone: zone("Asia/Shanghai"),
        base: "/base",
    };
    let page = object!({
        "title": "标题 & co",
        "date": "2022-02-18 10:01:41 +0800",
        "tags": ["b", "a", "a"],
        "mood": { "today": "good" },
        "count": 3,
        "items": [{ "name": "x", "on": true }, { "name": "y", "on": false }],
    });
    engine().render(text, page, &addresses)
}

fn run(text: &str) -> String {
    render(text).text
}

fn kinds(text: &str) -> Vec<Kind> {
    render(text).notes.iter().map(|note| note.kind).collect()
}

#[test]
fn site_and_page_are_shown() {
    for (text, shown) in [
        ("{{ site.title }}", "例 Site"),
        ("{{site.url}}{{ site.baseurl }}/a", "https://x.test/base/a"),
        ("{{ site.repository }}/1", "https://git.test/1"),
        (
            "{{ page.title }} {{ page.mood.today }} {{page.count}}",
            "标题 & co good 3",
        ),
        (
            "{{ page['title'] }} {{ page.tags[0] }} {{ page.tags.size }}",
            "标题 & co b 3",
        ),
        (
            "[{{ page.none }}{{ nothing.at.all }}{{ page.tags[9] }}]",
            "[]",
        ),
        ("{{ page.tags }}", "baa"),
        ("a {{- ' b ' -}} c", "a b c"),
    ] {
        assert_eq!(run(text), shown, "{text}");
    }
    assert_eq!(kinds("{{ site.title }}{{ page.none }}"), []);
}

#[test]
fn raw_and_comments() {
    assert_eq!(
        run("{% raw %}{{ x }} {% y %}{% endraw %}!"),
        "{{ x }} {% y %}!"
    );
    assert_eq!(
        run("a {%- comment -%} b {% if %} {%- endcomment -%} c"),
        "ac"
    );
    assert_eq!(run("{% raw %}{{ x }}"), "{% raw %}");
}

#[test]
fn control_tags() {
    for (text, shown) in [
        ("{% if page.count > 2 %}y{% else %}n{% endif %}", "y"),
        (
            "{% if page.none %}y{% elsif page.count == 3 %}e{% endif %}",
            "e",
        ),
        (
            "{% if page.tags contains 'a' and page.count %}y{% endif %}",
            "y",
        ),
        ("{% unless page.none %}u{% endunless %}", "u"),
        (
            "{% case page.count %}\n{% when 1, 2 %}a{% when 3 %}b{% else %}c{% endcase %}",
            "b",
        ),
        (
            "{% for t in page.tags %}{{ forloop.index }}{{ t }}{% unless forloop.last %},{% endunless %}{% endfor %}",
            "1b,2a,3a",
        ),
        (
            "{% for i in (1..5) reversed limit:2 offset:1 %}{{ i }}{% endfor %}",
            "32",
        ),
        (
            "{% for i in page.none %}x{% else %}none{% endfor %}",
            "none",
        ),
        (
            "{% for p in page.mood %}{{ p[0] }}={{ p[1] }}{% endfor %}",
            "today=good",
        ),
        (
            "{% for i in (1..9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
            "13",
        ),
        (
            "{% for i in (1..3) %}{% cycle 'a', 'b' %}{% endfor %}",
            "aba",
        ),
        ("{% assign x = page.title | upcase %}{{ x }}", "标题 & CO"),
        (
            "{% capture x %}1{{ page.count }}{% endcapture %}[{{ x }}]",
            "[13]",
        ),
        (
            "{% for i in page.items %}{{ i.name }}{{ i.missing }}{{ i.missing | default: '-' }}{% endfor %}",
            "x-y-",
        ),
        ("{% increment n %}{% increment n %}", "01"),
    ] {
        assert_eq!(run(text), shown, "{text}");
        assert_eq!(kinds(text), [], "{text}");
    }
}

#[test]
fn liquids_filters() {
    for (expression, shown) in [
        ("' a ' | strip | append: 'b' | prepend: 'c'", "cab"),
        ("'a-b' | replace: '-', '+' | remove: 'a'", "+b"),
        ("'a b c' | split: ' ' | reverse | join: '/'", "c/b/a"),
        ("page.tags | sort | uniq | join: ', '", "a, b"),
        ("page.tags | first", "b"),
        ("page.items | map: 'name' | join", "x y"),
        ("page.items | where: 'on', true | map: 'name' | join", "x"),
        ("'市场监管总局' | truncate: 5, '…'", "市场监管…"),
        ("'市场监管' | slice: 1, 2", "场监"),
        ("'市场' | size", "2"),
        ("'a b c' | truncatewords: 2", "a b..."),
        (
            "'<b>\"x\"</b>' | escape",
            "&lt;b&gt;&quot;x&quot;&lt;/b&gt;",
        ),
        ("'<b>x</b>' | strip_html", "x"),
        ("'甲 乙' | url_encode", "%E7%94%B2+%E4%B9%99"),
        ("7 | plus: '3px' | times: 2 | minus: 1 | divided_by: 2", "9"),
        ("-7 | divided_by: 2", "-4"),
        ("-7 | modulo: 3", "2"),
        ("1 | divided_by: 0", ""),
        ("3.14159 | round: 2", "3.14"),
        ("9223372036854775807 | times: 2 | size", "20"),
        ("page.none | default: 'x'", "x"),
        ("page.none | upcase | append: 'z'", "z"),
    ] {
        let text = format!("{{{{ {expression} }}}}");
        assert_eq!(run(&text), shown, "{text}");
        assert_eq!(kinds(&text), [], "{text}");
    }
}

#[test]
fn jekylls_filters() {
    for (expression, shown) in [
        ("page.date | date: '%Y年%-m月%-d日'", "2022年2月18日"),
        ("page.date | date: '%'", "2022-02-18 10:01:41 +0800"),
        ("'now' | date: '%Y'", ""),
        ("page.date | date_to_xmlschema", "2022-02-18T10:01:41+08:00"),
        (
            "page.date | date_to_rfc822",
            "Fri, 18 Feb 2022 10:01:41 +0800",
        ),
        ("page.date | date_to_string", "18 Feb 2022"),
        (
            "page.date | date_to_long_string: 'ordinal'",
            "18th February 2022",
        ),
        (
            "page.date | date_to_string: 'ordinal', 'US'",
            "Feb 18th, 2022",
        ),
        ("'/a.png' | relative_url", "/base/a.png"),
        ("'a.png' | absolute_url", "https://x.test/base/a.png"),
        ("'https://y.test/' | absolute_url", "https://y.test/"),
        ("'*甲*' | markdownify | strip", "<p><em>甲</em></p>"),
        ("'A b_C! 甲' | slugify", "a-b-c-甲"),
        ("\"a & 'b'\" | xml_escape", "a &amp; &#39;b&#39;"),
        ("page.mood | jsonify", "{\"today\":\"good\"}"),
        ("page.tags | array_to_sentence_string", "b, a, and a"),
        ("page.items | group_by: 'on' | size", "2"),
        ("page.tags | push: 'c' | pop | size", "3"),
    ] {
        let text = format!("{{{{ {expression} }}}}");
        assert_eq!(run(&text), shown, "{text}");
        assert_eq!(kinds(&text), [], "{text}");
    }
}

#[test]
fn code_is_a_figure() {
    assert_eq!(
        run("{% highlight c++ linenos %}\nint x<1>;\n\ny\n{% endhighlight %}"),
        "<figure class=\"highlight\"><pre><code class=\"language-c++\" data-lang=\"c++\">int x&lt;1&gt;;\n\ny</code></pre></figure>"
    );
}

#[test]
fn other_posts_are_found_by_their_names() {
    for (text, shown) in [
        (
            "{% post_url 2018-01-19-forums %}",
            "/base/2018/01/19/forums.html",
        ),
        (
            "{% post_url /news/2018-01-19-甲 %}",
            "/base/news/2018/01/19/%E7%94%B2.html",
        ),
        (
            "{% link _posts/2018-01-19-forums.md %}",
            "/base/2018/01/19/forums.html",
        ),
        (
            "{% link news/_posts/2018-01-19-a.md %}",
            "/base/news/2018/01/19/a.html",
        ),
        ("{% link /assets/a.pdf %}", "/base/assets/a.pdf"),
        ("{% link _docs/history.md %}", "/base/docs/history.html"),
        ("{% post_url nothing %}", "{% post_url nothing %}"),
        ("{% link %}", "{% link %}"),
    ] {
        assert_eq!(run(text), shown, "{text}");
    }
    assert_eq!(kinds("{% link _docs/history.md %}"), [Kind::GuessedLink]);
    assert_eq!(kinds("{% post_url nothing %}"), [Kind::KeptAsText]);
}

#[test]
fn what_is_unknown_goes_and_is_noted_once_by_its_name() {
    let rendered = render(
        "a{% gallery x %}\n{% include y.html z=\"%\" %}b{{ 'c' | shout: 1 | upcase }}{% endgallery %}",
    );
    assert_eq!(rendered.text, "a\nbC");
    let notes: Vec<_> = rendered
        .notes
        .iter()
        .map(|n| (n.kind, n.at, n.what.as_str()))
        .collect();
    assert_eq!(
        notes,
        [
            (Kind::UnknownTag, 1, "gallery"),
            (Kind::UnknownTag, 17, "include"),
            (Kind::UnknownFilter, 44, "shout")
        ]
    );
}

#[test]
fn what_is_no_liquid_stays_as_it_is() {
    for text in [
        "涨幅{{中文}}，{{ 市场 监管 }}。",
        "\\newcommand{%\n x}",
        "a {{{ b }}} c",
        "{{< figure src=\"x\" >}}",
        "{",
        "{%",
        "{{",
        "{{ a } b",
        "{% 甲 %}",
        "{% if a %}b",
        "b{% endif %}",
        "{% else %}",
        "{% if %}x{% endif %}",
        "{% for x of y %}{% endfor %}",
        "{% if a %}{% else %}b{% else %}c{% endif %}{% if",
        "{% assign x %}",
    ] {
        let rendered = render(text);
        let whole = rendered.text == text || text.starts_with("{% if a %}{% else");
        assert!(whole, "{text} became {}", rendered.text);
    }
    assert_eq!(kinds("涨幅{{中文}}"), [Kind::KeptAsText]);
    assert_eq!(
        run("{% if page.count %}{% for x in y %}{% endif %}"),
        "{% for x in y %}"
    );
}

#[path = "bounds_tests.rs"]
mod bounds;

#[test]
fn a_number_beyond_all_numbers_is_text() {
    for text in [
        "订单号 {{20220531239803485012}}。",
        "{{ 20220531239803485012abc }}",
        "{{ page[99999999999999999999] }}",
        "{% for i in (1..99999999999999999999) %}x{% endfor %}",
        "{% if 1 < 99999999999999999999 %}x{% endif %}",
        "{% assign a = 99999999999999999999 %}",
        "{{ \"it's\" | plus: 99999999999999999999 }}",
    ] {
        let rendered = render(text);
        assert_eq!(rendered.text, text);
        assert_eq!(rendered.notes[0].kind, Kind::KeptAsText);
    }
    for (text, shown) in [
        ("{{ 9223372036854775807 }}", "9223372036854775807"),
        ("{{ 3.14159265358979323846 | round: 2 }}", "3.14"),
        ("{{ page.img_20220531239803485012 }}", ""),
    ] {
        assert_eq!(render(text).text, shown);
    }
}
