//! What is odd in real posts, a row each: how it is read, what problem is told, where, and the mend.
//! The posts are our own. A row without problems says why there is none.

use super::super::rules::example_rules;
use super::*;
use crate::model::{Problem, Severity};

struct Quirk {
    /// What is odd.
    what: &'static str,
    path: &'static str,
    file: &'static [u8],
    /// Fields of the post as they are read; `("post", "none")` when it is skipped.
    read: &'static [(&'static str, &'static str)],
    /// Kind, line, column, a part of the mend.
    problems: &'static [(&'static str, u32, u32, &'static str)],
    /// Why there is no problem.
    why_none: &'static str,
}

/// The shape of most rows: a file of text.
const fn quirk(
    what: &'static str,
    path: &'static str,
    file: &'static str,
    read: &'static [(&'static str, &'static str)],
    problems: &'static [(&'static str, u32, u32, &'static str)],
) -> Quirk {
    Quirk {
        what,
        path,
        file: file.as_bytes(),
        read,
        problems,
        why_none: "",
    }
}

/// A row without a problem.
const fn fine(
    what: &'static str,
    path: &'static str,
    file: &'static str,
    read: &'static [(&'static str, &'static str)],
    why_none: &'static str,
) -> Quirk {
    Quirk {
        what,
        path,
        file: file.as_bytes(),
        read,
        problems: &[],
        why_none,
    }
}

const GENERATOR: &[Quirk] = &[
    quirk(
        "an empty show time: no date in the name, a bare offset, an empty title",
        "posts/-202205262391921712.md",
        "---\ntitle: \"\"\ndate:  +0800\n---\n> 甲公司公告。乙。\n\n正文。\n",
        &[
            ("title", "甲公司公告"),
            ("date", "2022-05-26T00:00:00+08:00"),
            ("url", "/2022/05/26/202205262391921712.html"),
        ],
        &[
            ("bad-date", 3, 8, "2022-02-18 10:01:41 +0800"),
            ("empty-title", 2, 8, "write a title"),
        ],
    ),
    quirk(
        "a title with double quotes inside double quotes",
        "posts/2022-02-18-a.md",
        "---\nlayout: post\ntitle: \"部长：\"稳\"字当头\"\ncategories: a\n---\n",
        &[("title", "部长：\"稳\"字当头"), ("categories", "a")],
        &[("broken-yaml", 3, 12, "title: '部长：\"稳\"字当头'")],
    ),
    quirk(
        "a title with a quote at its beginning only",
        "posts/2022-02-18-a.md",
        "---\ntitle: \"稳\"字当头\n---\n",
        &[("title", "\"稳\"字当头")],
        &[("broken-yaml", 2, 10, "title: '\"稳\"字当头'")],
    ),
    quirk(
        "a quote that is never closed",
        "posts/2022-02-18-a.md",
        "---\ntitle: \"没有完\ntags: b\n---\n",
        &[("title", "没有完"), ("tags", "b")],
        &[("broken-yaml", 2, 8, "title: '没有完'")],
    ),
    quirk(
        "a backslash in double quotes",
        "posts/2022-02-18-a.md",
        "---\ntitle: \"甲\\乙\"\n---\n",
        &[("title", "甲\\乙")],
        &[("broken-yaml", 2, 10, "title: '甲\\乙'")],
    ),
    quirk(
        "a colon in a title without quotes",
        "posts/2022-02-18-a.md",
        "---\ntitle: 央行: 降准\ndate: 2022-02-18 10:01:41 +0800\n---\n",
        &[
            ("title", "央行: 降准"),
            ("date", "2022-02-18T10:01:41+08:00"),
        ],
        &[("broken-yaml", 2, 10, "title: '央行: 降准'")],
    ),
    quirk(
        "a title that begins with a bracket and goes on",
        "posts/2022-02-18-a.md",
        "---\ntitle: [快讯] 某事\n---\n",
        &[("title", "[快讯] 某事")],
        &[("broken-yaml", 2, 12, "title: '[快讯] 某事'")],
    ),
    quirk(
        "a title that is a list to YAML",
        "posts/2022-02-18-a.md",
        "---\ntitle: [快讯, 要闻]\n---\n",
        &[("title", "[快讯, 要闻]")],
        &[("title-is-list", 2, 8, "title: '[快讯, 要闻]'")],
    ),
    quirk(
        "characters that YAML keeps for itself",
        "posts/2022-02-18-a.md",
        "---\ntitle: @某人 谈\ntags: [甲, 乙\n---\n",
        &[("title", "@某人 谈"), ("tags", "甲|乙")],
        &[
            ("broken-yaml", 2, 8, "title: '@某人 谈'"),
            ("broken-yaml", 3, 7, "tags: ['甲', '乙']"),
        ],
    ),
    quirk(
        "a list below its key with an inner quote, and tabs for blanks",
        "posts/2022-02-18-a.md",
        "---\ntags:\n- 甲\n- \"乙\"丙\ncategories:\n\t- 丁\n---\n",
        &[("tags", "甲|\"乙\"丙"), ("categories", "丁")],
        &[
            ("broken-yaml", 4, 6, "tags: ['甲', '\"乙\"丙']"),
            ("broken-yaml", 6, 1, "categories: ['丁']"),
        ],
    ),
    quirk(
        "a full-width colon after a key, and none of its blank after another",
        "posts/2022-02-18-a.md",
        "---\nlayout: post\ntitle：甲\ntags:乙 丙\ndate: 2022-02-18 10:01:41 +0800\n---\n",
        &[("title", "甲"), ("tags", "乙|丙")],
        &[
            ("bad-colon", 3, 6, "title: '甲'"),
            ("bad-colon", 4, 5, "tags: '乙 丙'"),
        ],
    ),
    quirk(
        "a line that is no field",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n正文混了进来\ntags: 乙\n---\n",
        &[("title", "甲"), ("tags", "乙")],
        &[("broken-yaml", 3, 1, "delete it")],
    ),
    fine(
        "a category from the source's name, with blanks and brackets",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\ncategories: erbao shangye APP(xianggang)\n---\n",
        &[("categories", "erbao|shangye|APP(xianggang)")],
        "Jekyll splits a text at blanks too",
    ),
    fine(
        "a source's name with two blanks as the tag",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\ntags: 二报  商业新闻\n---\n",
        &[("tags", "二报|商业新闻")],
        "Jekyll splits a text at blanks too",
    ),
    fine(
        "an ideographic space in a label",
        "posts/2022-02-18-a.md",
        "---\ntags: '甲\u{3000}乙'\n---\n",
        &[("tags", "甲\u{3000}乙")],
        "only ASCII blanks split",
    ),
    quirk(
        "commas in labels",
        "posts/2022-02-18-a.md",
        "---\ntags: \"美食, 老字号\"\ncategories: 甲，乙 丙、丁\n---\n",
        &[("tags", "美食,|老字号"), ("categories", "甲，乙|丙、丁")],
        &[
            ("separator-in-label", 3, 13, "categories: [甲, 乙, 丙, 丁]"),
            ("separator-in-label", 2, 7, "tags: [美食, 老字号]"),
        ],
    ),
    fine(
        "commas that belong to a label",
        "posts/2022-02-18-a.md",
        "---\ncategory: 1,000元\ntags: ['Washington, D.C.', r&amp;d, 《甲、乙》]\n---\n",
        &[("tags", "Washington, D.C.|r&amp;d|《甲、乙》")],
        "they part no names",
    ),
    fine(
        "categories that differ by case only",
        "posts/2022-02-18-a.md",
        "---\ncategories: [TechNews, Technews]\n---\n",
        &[
            ("categories", "TechNews|Technews"),
            ("url", "/technews/2022/02/18/a.html"),
        ],
        "both are labels; the address holds the name once, as in Jekyll",
    ),
    quirk(
        "a blank line before the front matter",
        "posts/2022-02-18-a.md",
        "\n---\ntitle: 甲\ntags: 乙\n---\n正文。\n",
        &[("title", "甲"), ("tags", "乙"), ("text", "正文。")],
        &[("blank-before-front-matter", 1, 0, "delete them")],
    ),
    fine(
        "a date without an offset",
        "posts/2022-02-18-a.md",
        "---\ndate: 2022-02-18 10:46:18\n---\n",
        &[("date", "2022-02-18T10:46:18+08:00")],
        "it is site time, which is what its author meant (dates.naive)",
    ),
];

const BODIES: &[Quirk] = &[
    fine(
        "a digest only, an autolink and a footer",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n---\n某公司公告。\n\n<http://news.example.cn/1.html>\n[返回滚动](../a/)\n[返回首页](../)\n",
        &[
            ("text", "某公司公告。"),
            ("via", "http://news.example.cn/1.html"),
        ],
        "all of it is meant so",
    ),
    fine(
        "the digest again as the first paragraph",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n---\n> 摘要一句。\n\n<p>摘要一句。</p>\n <p>　　正文。</p>\n",
        &[("digest", "摘要一句。"), ("text", "正文。")],
        "it is said once",
    ),
    fine(
        "hidden elements, comments and a chart before the text",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n---\n<!-- Img_Start --><p style=\"display:none;height:1px;overflow:hidden;\">藏</p><center><img src=\"http://i.example.cn/k.png\" alt=\"K图 600000_0\"></center><p>正文。</p><img orginial_src=x src=\"http://i.example.cn/p.png?a=1&b=2\">\n",
        &[
            ("text", "正文。"),
            ("image", "http://i.example.cn/p.png?a=1&b=2"),
        ],
        "a browser hides them too",
    ),
    fine(
        "stock spans in the text",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n---\n<p>昨日<span id=\"stock_0.300000\"><a href=\"//q.example.cn\" class=\"keytip\" data-code=\"1\">某某股份</a></span><span id=\"quote_0.300000\"></span>上涨。</p>\n",
        &[
            ("text", "昨日某某股份上涨。"),
            ("html", "<p>昨日某某股份上涨。</p>"),
        ],
        "the names stay, the links go",
    ),
    fine(
        "a source line with a stock link inside",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n---\n<p>正文。</p><p class=\"em_media\">（文章来源：江城<span id=\"stock_1\"><a href=\"//q.example.cn\">证券</a></span>报）</p>\n",
        &[("text", "正文。"), ("source", "江城证券报")],
        "it is the entry's source",
    ),
    fine(
        "an empty link line",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n---\n正文。\n\n<>\n",
        &[("via", "-")],
        "there is no link to show",
    ),
    fine(
        "carriage returns in the body only",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n---\n<p>一。</p>\r\n <p>二。</p>\r\n",
        &[("text", "一。\n二。")],
        "line ends of any kind mean the same",
    ),
    fine(
        "an empty body",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n---\n",
        &[("title", "甲"), ("text", "")],
        "a title may be all there is to say",
    ),
    quirk(
        "control characters",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n---\n正文\u{1a}。\u{8}\u{1b}\u{1c}\n",
        &[("text", "正文。")],
        &[("control-characters", 4, 3, "delete them")],
    ),
    fine(
        "the end of a CDATA section in the text",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲 ]]> 乙\n---\n`]]>`\n",
        &[("title", "甲 ]]> 乙"), ("text", "]]>")],
        "feeds escape it",
    ),
    fine(
        "blanks of other kinds, marks of no width, replacement characters",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n---\n一\u{a0}二\u{200b}三\u{feff}四\u{fffd}\n",
        &[("title", "甲")],
        "XML may hold them",
    ),
];

const DATES: &[Quirk] = &[
    quirk(
        "a date that is empty",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\ndate:\n---\n",
        &[("date", "2022-02-18T00:00:00+08:00")],
        &[("bad-date", 3, 1, "2022-02-18 10:01:41 +0800")],
    ),
    quirk(
        "a date that is none, and none elsewhere",
        "posts/NW-notes.md",
        "---\ntitle: 甲\ndate: soon\n---\n",
        &[("date", "2023-11-15T06:13:20+08:00")],
        &[("bad-date", 3, 7, "2022-02-18 10:01:41 +0800")],
    ),
    quirk(
        "no date anywhere",
        "posts/notes.md",
        "---\ntitle: 甲\n---\n",
        &[("date", "2023-11-15T06:13:20+08:00")],
        &[("no-date", 0, 0, "add a line such as date:")],
    ),
    quirk(
        "a file name with a day that does not exist",
        "posts/2021-13-41-a.md",
        "---\ntitle: 甲\n---\n",
        &[("date", "2023-11-15T06:13:20+08:00")],
        &[("bad-name-date", 0, 0, "rename the file")],
    ),
    quirk(
        "the 30th of February",
        "posts/a.md",
        "---\ndate: 2022-02-30 10:00:00 +0800\n---\n",
        &[("date", "2022-03-02T10:00:00+08:00")],
        &[("no-such-day", 2, 7, "a day that the calendar has")],
    ),
    quirk(
        "an hour in Chinese",
        "posts/a.md",
        "---\ndate: 2022/02/18 8点\n---\n",
        &[("date", "2022-02-18T00:00:00+08:00")],
        &[("date-in-part", 2, 7, "2022-02-18 10:01:41 +0800")],
    ),
    quirk(
        "an hour behind a weekday in Chinese",
        "posts/a.md",
        "---\ndate: 2022/02/18 星期五8点\n---\n",
        &[("date", "2022-02-18T00:00:00+08:00")],
        &[("date-in-part", 2, 7, "2022-02-18 10:01:41 +0800")],
    ),
    fine(
        "a zone said twice",
        "posts/a.md",
        "---\ndate: 2022/02/18 10:01 +0800（北京时间）\n---\n",
        &[("date", "2022-02-18T10:01:00+08:00")],
        "the offset says it",
    ),
    quirk(
        "half of a day in Chinese",
        "posts/a.md",
        "---\ndate: 2022-02-18 下午 2:30\n---\n",
        &[("date", "2022-02-18T02:30:00+08:00")],
        &[("date-in-part", 2, 7, "2022-02-18 10:01:41 +0800")],
    ),
    fine(
        "a weekday in Chinese, which says nothing new",
        "posts/a.md",
        "---\ndate: 2022/02/18（礼拜五） 14:30\n---\n",
        &[("date", "2022-02-18T14:30:00+08:00")],
        "the day itself is written",
    ),
    quirk(
        "a tab before a key",
        "posts/2022-02-18-a.md",
        "---\n\ttitle: 甲\ndate: 2022-02-18 10:01:41 +0800\n---\n",
        &[("title", "甲"), ("date", "2022-02-18T10:01:41+08:00")],
        &[("bad-colon", 2, 1, "title: '甲'")],
    ),
    quirk(
        "tabs below a key, whose title is not the post's",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\nimage:\n\turl: /a.png\n\ttitle: 乙\ndate: 2022-02-18 10:01:41 +0800\n---\n",
        &[("title", "甲"), ("date", "2022-02-18T10:01:41+08:00")],
        &[("broken-yaml", 4, 1, "")],
    ),
    quirk(
        "the same with a blank line, and all of it behind a tab",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n\timage:\n\n\t\turl: /a.png\n\t\ttitle: 乙\n---\n",
        &[("title", "甲")],
        &[("bad-colon", 3, 1, "without the tab")],
    ),
    quirk(
        "a text over several lines that looks like a key behind a tab",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\nexcerpt: |\n  一\n  \ttitle: 引文\ntags: [a\n---\n",
        &[("title", "甲")],
        &[("broken-yaml", 6, 7, "tags")],
    ),
    quirk(
        "an offset beyond every zone",
        "posts/a.md",
        "---\ndate: 2022-02-18 23:00:00 +23:00\n---\n",
        &[("date", "2022-02-18T08:00:00+08:00")],
        &[("far-offset", 2, 7, "such as +0800")],
    ),
    quirk(
        "a zone by letters",
        "posts/a.md",
        "---\ndate: 2022-02-18 10:01:41 CST\n---\n",
        &[("date", "2022-02-18T10:01:41-06:00")],
        &[("named-zone", 2, 7, "such as +0800")],
    ),
    quirk(
        "a bad time of change",
        "posts/2022-02-18-a.md",
        "---\nupdated: later\n---\n",
        &[("updated", "-")],
        &[("bad-updated", 2, 10, "2022-02-18 10:01:41 +0800")],
    ),
    fine(
        "a hyphen after the day",
        "posts/a.md",
        "---\ndate: 2012-07-12- 19:30:00 +0800\n---\n",
        &[("date", "2012-07-12T19:30:00+08:00")],
        "Ruby reads it as it is meant",
    ),
    quirk(
        "the year again after the time",
        "posts/a.md",
        "---\ndate: 2023-01-29 18:30:22 2023 -0800\n---\n",
        &[("date", "2023-01-29T18:30:22+08:00")],
        &[("date-in-part", 2, 7, "2022-02-18 10:01:41 +0800")],
    ),
    quirk(
        "a hyphen for the seconds",
        "posts/a.md",
        "---\ndate: 2021-02-08 10:26-:00+01:00\n---\n",
        &[("date", "2021-02-08T10:26:00+08:00")],
        &[("date-in-part", 2, 7, "2022-02-18 10:01:41 +0800")],
    ),
    fine(
        "digits left out",
        "posts/a.md",
        "---\ndate: 2016-3-01 9:00:00\n---\n",
        &[("date", "2016-03-01T09:00:00+08:00")],
        "Ruby reads it as it is meant",
    ),
    fine(
        "a file name of another day than the date",
        "posts/2021-02-08-a.md",
        "---\ndate: 2022-02-08 10:26:00 +0800\n---\n",
        &[("url", "/2022/02/08/a.html")],
        "the date counts, as in Jekyll; zones alone make such a difference in every sixth post",
    ),
];

const MARKS: &[Quirk] = &[
    fine(
        "a tab after the colon",
        "posts/2022-02-18-a.md",
        "---\nauthor:\t张三\ntitle:\t甲\n---\n",
        &[("author", "张三"), ("title", "甲")],
        "Ruby's YAML reads it",
    ),
    quirk(
        "a key that stands twice",
        "posts/2022-02-18-a.md",
        "---\ntitle: 一\ntags: x\ntitle: 二\n---\n",
        &[("title", "二")],
        &[("duplicate-key", 4, 1, "delete the lines")],
    ),
    fine(
        "a front matter that ends with dots",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n...\n正文。\n",
        &[("title", "甲"), ("text", "正文。")],
        "Jekyll allows it",
    ),
    fine(
        "an empty front matter",
        "posts/2022-02-18-hello-2015.md",
        "---\n---\n正文。\n",
        &[("title", "Hello 2015"), ("text", "正文。")],
        "name and body say all",
    ),
    quirk(
        "no front matter, but a date in the name",
        "posts/2022-02-18-hello-2015.md",
        "正文。\n",
        &[("title", "Hello 2015"), ("text", "正文。")],
        &[("no-front-matter", 1, 0, "two lines `---`")],
    ),
    quirk(
        "neither front matter nor a date in the name",
        "posts/LICENSE.md",
        "正文。\n",
        &[("post", "none")],
        &[("no-front-matter", 1, 0, "title and date")],
    ),
    quirk(
        "a front matter that is never closed",
        "posts/2022-02-18-a.md",
        "---\ntitle: 甲\n正文。\n",
        &[("post", "none")],
        &[("unclosed-front-matter", 1, 0, "add a line `---`")],
    ),
    quirk(
        "an empty file",
        "posts/2022-02-18-a.md",
        "",
        &[("post", "none")],
        &[("empty-file", 0, 0, "write the post")],
    ),
    fine(
        "a byte order mark, mixed line ends and none at the end",
        "posts/2022-02-18-a.md",
        "\u{feff}---\r\ntitle: 甲\n---\r\n正文。",
        &[("title", "甲"), ("text", "正文。")],
        "editors do so",
    ),
    Quirk {
        what: "a file in GBK",
        path: "posts/2022-02-18-a.md",
        file: b"---\ntitle: \xb9\xab\xb8\xe6\n---\n",
        read: &[("title", "公告")],
        problems: &[("not-utf8", 0, 0, "save it as UTF-8")],
        why_none: "",
    },
    Quirk {
        what: "one broken byte in UTF-8",
        path: "posts/2022-02-18-a.md",
        file: b"---\ntitle: \xe5\x85\xac\xe5\x91\x8a\n---\n\xe5\x85\xac\xff\xe5\x91\x8a\n",
        read: &[("title", "公告"), ("text", "公\u{fffd}告")],
        problems: &[("invalid-utf8", 4, 2, "save the file as UTF-8")],
        why_none: "",
    },
    fine(
        "null for every field",
        "posts/2022-02-18-hello-2015.md",
        "---\ntitle: ~\ncategories:\ntags: ~\nauthor:\n---\n",
        &[("title", "Hello 2015"), ("tags", ""), ("author", "-")],
        "an empty field is one left out, as in Jekyll",
    ),
    fine(
        "authors as a list",
        "posts/2022-02-18-a.md",
        "---\nauthor: [张三, {name: 李四}]\n---\n",
        &[("author", "张三, 李四")],
        "several people may write a post",
    ),
    fine(
        "keys of other programs",
        "posts/2022-02-18-a.md",
        "---\nsubtitle: 甲\nLayout: 3\nseo: {a: [b]}\n乙: 丙\ntagline: d\nupdate: e\ndata: f\npublisher: g\ntabs: h\n---\n",
        &[("title", "A")],
        "front matter is open: themes and plugins add their own keys",
    ),
    quirk(
        "keys with a slip of the finger or of another case",
        "posts/2022-02-18-a.md",
        "---\ntitel: 甲\nDate: 2022-02-19\ncatagories: b\nTAGS: c\nAuthor: d\nPermlink: /e\n---\n",
        &[
            ("title", "A"),
            ("date", "2022-02-18T00:00:00+08:00"),
            ("tags", ""),
        ],
        &[
            ("unread-key", 2, 1, "`title`"),
            ("unread-key", 3, 1, "`date`"),
            ("unread-key", 4, 1, "`categories`"),
            ("unread-key", 5, 1, "`tags`"),
            ("unread-key", 6, 1, "`author`"),
            ("unread-key", 7, 1, "`permalink`"),
        ],
    ),
    fine(
        "such keys beside the right ones",
        "posts/2022-02-18-a.md",
        "---\nTitle: 甲\ntitle: 乙\nTags: c\ntag: d\ncategorie: e\ncategory: f\n---\n",
        &[("title", "乙"), ("tags", "d"), ("categories", "f")],
        "what is read is there, so the other one may be a theme's",
    ),
    quirk(
        "no title, and a number for a name",
        "posts/2022-02-18-NW202205312398034850.md",
        "---\ntags: a\n---\n",
        &[("title", "Nw202205312398034850")],
        &[("no-title", 0, 0, "title:")],
    ),
    fine(
        "no title, and words for a name",
        "posts/2022-02-18-top-10-of-2021.md",
        "---\ntags: a\n---\n",
        &[("title", "Top 10 Of 2021")],
        "the name says it, as in Jekyll",
    ),
];

const LABELS: &[Quirk] = &[
    fine(
        "numbers, dates, truth values, nulls and lists in lists",
        "posts/2022-02-18-a.md",
        "---\ntags: [2022, 1.50, true, ~, 2022-02-18, [甲, [乙 丙]], '']\ncategories: 2022\n---\n",
        &[
            ("tags", "2022|1.5|true|2022-02-18|甲|乙 丙"),
            ("categories", "2022"),
        ],
        "each is a name as it is written",
    ),
    fine(
        "one key in the singular, not split",
        "posts/2022-02-18-a.md",
        "---\ncategory: 2\ntag: 甲 乙\ntags: [丙]\n---\n",
        &[("categories", "2"), ("tags", "甲 乙")],
        "as in Jekyll, which does not look at `tags` then",
    ),
    quirk(
        "a mapping among the labels",
        "posts/2022-02-18-a.md",
        "---\ntags: [甲, {a: b}]\ncategories: {c: d}\n---\n",
        &[("tags", "甲"), ("categories", "")],
        &[
            ("bad-label", 3, 13, "a list of names"),
            ("bad-label", 2, 7, "a list of names"),
        ],
    ),
    fine(
        "marks of every kind in a name",
        "posts/2022-02-18-a.md",
        "---\ntags: ['a/b', '..', 'C#', '<i>甲</i>', \"x'y\", '50%']\n---\n",
        &[("tags", "a/b|..|C#|<i>甲</i>|x'y|50%")],
        "each has its own file name; nothing is left out as Jekyll's plugin does",
    ),
    quirk(
        "a permalink with an unknown placeholder",
        "posts/2022-02-18-a.md",
        "---\npermalink: /:yaer/a\n---\n",
        &[("url", "/2022/02/18/a.html")],
        &[("bad-permalink", 2, 12, ":year")],
    ),
];

const NAMES: &[Quirk] = &[
    fine(
        "short days and months in the name",
        "posts/2022-2-8-a.md",
        "---\n---\n",
        &[("date", "2022-02-08T00:00:00+08:00")],
        "as in Jekyll",
    ),
    fine(
        "blanks, marks, percent signs and pictures in the name",
        "posts/2022-02-18-100% 甲#乙?🚀.md",
        "---\n---\n",
        &[("url", "/2022/02/18/100-%E7%94%B2-%E4%B9%99.html")],
        "as in Jekyll",
    ),
    quirk(
        "part of a date in the name",
        "posts/06-06-a.md",
        "---\ntitle: 甲\n---\n",
        &[("title", "甲")],
        &[("no-date", 0, 0, "add a line")],
    ),
    fine(
        "a post of one article in two editions",
        "posts/2022-05-31-NW202205312398034850.md",
        "---\ntitle: 甲\n---\n",
        &[("id", "/2022/05/31/NW202205312398034850")],
        "the editions have ids of their own",
    ),
];

fn field(post: &Post, name: &str) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    match name {
        "title" => post.title.clone(),
        "date" => post.published.rfc3339(),
        "updated" => post.updated.map_or("-".into(), |time| time.rfc3339()),
        "url" => post.url.clone(),
        "id" => post.id.to_string(),
        "categories" => post.categories.join("|"),
        "tags" => post.tags.join("|"),
        "author" => or_dash(&post.author),
        "source" => or_dash(&post.source),
        "via" => or_dash(&post.via),
        "digest" => or_dash(&post.digest),
        "image" => or_dash(&post.image),
        "html" => post.html.clone(),
        "text" => post.text.clone(),
        other => panic!("no field {other}"),
    }
}

fn run(path: &str, file: &[u8]) -> (Option<Post>, Vec<Problem>) {
    let first_seen = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    parse(path, file, first_seen, &example_rules())
}

fn all() -> impl Iterator<Item = &'static Quirk> {
    [GENERATOR, BODIES, DATES, MARKS, LABELS, NAMES]
        .into_iter()
        .flatten()
}

#[test]
fn every_quirk_is_read_and_told_as_its_row_says() {
    let mut wrong = Vec::new();
    for quirk in all() {
        let (post, problems) = run(quirk.path, quirk.file);
        for (name, value) in quirk.read {
            let ours = match &post {
                None => "none".to_owned(),
                Some(_) if *name == "post" => "some".to_owned(),
                Some(post) => field(post, name),
            };
            if ours != *value {
                wrong.push(format!("{}: {name} is {ours:?}, not {value:?}", quirk.what));
            }
        }
        let told: Vec<_> = problems
            .iter()
            .map(|p| (p.kind, p.line, p.column))
            .collect();
        let meant: Vec<_> = quirk.problems.iter().map(|p| (p.0, p.1, p.2)).collect();
        if told != meant {
            wrong.push(format!("{}: {told:?}, not {meant:?}", quirk.what));
        }
        for (problem, (.., mend)) in problems.iter().zip(quirk.problems) {
            if !problem.help.contains(mend) {
                wrong.push(format!(
                    "{}: mend {:?}, not {mend:?}",
                    quirk.what, problem.help
                ));
            }
            if problem.path != quirk.path || problem.message.is_empty() {
                wrong.push(format!("{}: {problem}", quirk.what));
            }
        }
        if quirk.problems.is_empty() == quirk.why_none.is_empty() {
            wrong.push(format!("{}: say why there is no problem", quirk.what));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The mend is the line to write: with it the file reads the same, and without that problem.
#[test]
fn a_line_that_a_mend_writes_out_is_right() {
    let mut mended = 0;
    for quirk in all() {
        let (post, problems) = run(quirk.path, quirk.file);
        let Ok(text) = std::str::from_utf8(quirk.file) else {
            continue;
        };
        let mut lines: Vec<&str> = text.split('\n').collect();
        for problem in &problems {
            if let Some(line) = problem.help.strip_prefix("write it as: ") {
                lines[problem.line as usize - 1] = line;
                mended += 1;
            }
        }
        let kinds = ["broken-yaml", "bad-colon", "title-is-list"];
        let meant = problems.iter().any(|p| p.help.starts_with("write it as: "));
        if !meant {
            continue;
        }
        let (again, problems) = run(quirk.path, lines.join("\n").as_bytes());
        assert!(
            problems.iter().all(|p| !kinds.contains(&p.kind)),
            "{}: {problems:?}",
            quirk.what
        );
        assert_eq!(post, again, "{}", quirk.what);
    }
    assert!(mended >= 9, "{mended}");
}

#[test]
fn what_is_read_as_jekyll_reads_it_holds_no_post_back() {
    let kinds = ["separator-in-label", "unread-key", "no-title"];
    let told = all().flat_map(|quirk| run(quirk.path, quirk.file).1);
    let notes: Vec<Problem> = told
        .filter(|problem| kinds.contains(&problem.kind))
        .collect();
    assert!(notes.iter().all(|note| note.severity == Severity::Note));
    assert!(
        kinds
            .iter()
            .all(|kind| notes.iter().any(|note| note.kind == *kind))
    );
}

proptest::proptest! {
    /// Whatever a generator pastes between quotes is a title, and the mend reads as the same one.
    #[test]
    fn any_text_between_quotes_is_a_title(text in "[甲乙 a\"'\\\\:#\\[\\]{}&*!|>%@`,。-]{0,20}", mark in "[\"']?") {
        let file = format!("---\ntags: 丁\ntitle: {mark}{text}{mark}\n---\n");
        let (post, problems) = run("posts/2022-02-18-a.md", file.as_bytes());
        let post = post.unwrap();
        proptest::prop_assert_eq!(&post.tags, &["丁"]);
        for problem in problems {
            if let Some(line) = problem.help.strip_prefix("write it as: ") {
                let file = format!("---\ntags: 丁\n{line}\n---\n");
                let (again, problems) = run("posts/2022-02-18-a.md", file.as_bytes());
                proptest::prop_assert_eq!(&again.unwrap().title, &post.title, "{}", line);
                proptest::prop_assert!(problems.iter().all(|p| p.kind == "empty-title"), "{:?}", problems);
            }
        }
    }
}

#[test]
fn a_title_that_begins_like_a_list_is_whole() {
    for text in ["{}#", "[快讯]#一", "[快讯] # 一"] {
        let file = format!("---\ntitle: {text}\n---\n");
        let (post, problems) = run("posts/2022-02-18-a.md", file.as_bytes());
        assert_eq!(post.unwrap().title, text);
        assert_eq!(problems[0].help, format!("write it as: title: '{text}'"));
    }
}

#[test]
fn six_footers_are_one_version_of_an_article() {
    let footers = [
        "",
        "\n\n[返回滚动新闻](../a/)\n[返回首页](../)",
        "\n\n[返回滚动新闻](//one.example.cn/a/)\n[返回首页](//one.example.cn)",
        "\n\n[返回滚动新闻](//two.example.cn/a/)\n[返回首页](//two.example.cn)",
        "\n\n[返回滚动新闻](//two.example.cn/a/)｜[返回首页](//two.example.cn)",
        "\n\n[返回滚动新闻](//two.example.cn/category/a.html)｜[返回首页](//two.example.cn)",
    ];
    let read = footers.map(|footer| {
        let file = format!("---\ntitle: 甲\n---\n> 摘要。\n\n<p>正文。</p>\n\n<http://news.example.cn/1.html>{footer}\n");
        run("posts/2022-02-18-a.md", file.as_bytes()).0.unwrap().text
    });
    assert!(read.iter().all(|text| text == "正文。"), "{read:?}");
}
