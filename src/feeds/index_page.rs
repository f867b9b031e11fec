//! The page of all feeds, for people.
//! In: what can be followed, with display names. Out: one HTML page without script, readable on
//! a phone, light or dark as the system is, with autodiscovery links for the site feed.

use askama::Template;

use super::opml::{Group, groups};
use super::text::clean;
use super::{Addresses, Format, Settings};
use crate::model::{Follow, Site};

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<!DOCTYPE html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="tagwire">
<title>{{ title }}</title>
{%- for link in autodiscovery %}
<link rel="alternate" type="{{ link.media_type }}" title="{{ title }} ({{ link.format }})" href="{{ link.url }}">
{%- endfor %}
<style>
:root{--ink:#1d2430;--soft:#5b6472;--paper:#fff;--card:#f5f6f8;--line:#e1e4ea;--accent:#0b62c4}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#a2abb9;--paper:#14171c;--card:#1d2128;--line:#2e343e;--accent:#7db7ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
header,main,footer{max-width:46rem;margin:0 auto;padding:1rem}
header{padding-top:2rem}
h1{margin:0;font-size:1.6rem;overflow-wrap:anywhere}
h2{margin:2rem 0 .5rem;font-size:1.1rem}
h2 span,p,footer{color:var(--soft)}
a{color:var(--accent)}
nav a{display:inline-block;margin-right:1rem;padding:.5rem 0}
ul{list-style:none;margin:0;padding:0;border:1px solid var(--line);border-radius:.75rem;background:var(--card);overflow:hidden}
li{display:flex;flex-wrap:wrap;align-items:center;gap:0 .5rem;padding:.25rem 1rem;content-visibility:auto;contain-intrinsic-size:auto 3.25rem}
li+li{border-top:1px solid var(--line)}
li b{flex:1 1 7rem;font-weight:600;overflow-wrap:anywhere}
li a{padding:.65rem .35rem;min-width:2.75rem;text-align:center}
</style>
</head>
<body>
<header>
<h1>{{ title }}</h1>
{%- if let Some(description) = description %}
<p>{{ description }}</p>
{%- endif %}
<nav>
<a href="{{ home }}">{{ words.home }}</a>
<a href="{{ opml }}">{{ words.opml }}</a>
{%- for section in sections %}{% if !section.anchor.is_empty() %}
<a href="#{{ section.anchor }}">{{ section.heading }}</a>
{%- endif %}{% endfor %}
</nav>
</header>
<main>
{%- for section in sections %}
<section{% if !section.anchor.is_empty() %} id="{{ section.anchor }}"{% endif %}>
<h2>{{ section.heading }} <span>{{ section.feeds.len() }}</span></h2>
<ul>
{%- for feed in section.feeds %}
<li><b>{{ feed.title }}</b>
{%- for link in feed.links %} <a href="{{ link.url }}" type="{{ link.media_type }}" aria-label="{{ feed.title }} {{ link.format }}">{{ link.format }}</a>{% endfor %}</li>
{%- endfor %}
</ul>
</section>
{%- endfor %}
</main>
<footer><p>{{ words.hint }}</p></footer>
</body>
</html>
"##
)]
struct Page<'a> {
    language: &'a str,
    title: String,
    description: Option<String>,
    home: String,
    opml: String,
    autodiscovery: Vec<FeedLink>,
    sections: Vec<Section>,
    words: &'static Words,
}

struct Section {
    /// Empty for the site itself.
    anchor: &'static str,
    heading: &'static str,
    feeds: Vec<Row>,
}

struct Row {
    title: String,
    links: Vec<FeedLink>,
}

struct FeedLink {
    format: &'static str,
    media_type: &'static str,
    url: String,
}

/// Every word of the page that is not the site's own.
struct Words {
    home: &'static str,
    opml: &'static str,
    site: &'static str,
    topics: &'static str,
    categories: &'static str,
    tags: &'static str,
    hint: &'static str,
}

const CHINESE: Words = Words {
    home: "首页",
    opml: "全部订阅（OPML）",
    site: "全站",
    topics: "主题",
    categories: "分类",
    tags: "标签",
    hint: "把链接复制到阅读器即可订阅。",
};

const ENGLISH: Words = Words {
    home: "Home",
    opml: "All feeds (OPML)",
    site: "Everything",
    topics: "Topics",
    categories: "Categories",
    tags: "Tags",
    hint: "Copy a link into your feed reader to subscribe.",
};

/// The page of all feeds in all configured formats.
pub fn index_page(
    site: &Site,
    addresses: &Addresses,
    settings: &Settings,
    follows: &[(Follow, String)],
) -> Vec<u8> {
    let chinese = site.language.to_ascii_lowercase().starts_with("zh");
    let words = if chinese { &CHINESE } else { &ENGLISH };
    let section = |(anchor, feeds): Group<'_>| Section {
        anchor: anchor.unwrap_or_default(),
        heading: match anchor {
            None => words.site,
            Some("topics") => words.topics,
            Some("categories") => words.categories,
            Some(_) => words.tags,
        },
        feeds: feeds
            .into_iter()
            .map(|(follow, title)| Row {
                title: clean(title).into_owned(),
                links: links(addresses, settings, follow),
            })
            .collect(),
    };
    let page = Page {
        language: &site.language,
        title: clean(&site.title).into_owned(),
        description: site
            .description
            .as_deref()
            .map(|text| clean(text).into_owned()),
        home: addresses.alternate(&Follow::Site),
        opml: addresses.url_of_file(addresses.opml_file()),
        autodiscovery: links(addresses, settings, &Follow::Site),
        sections: groups(follows).into_iter().map(section).collect(),
        words,
    };
    // Writing into memory cannot fail; the template was checked when this was compiled.
    page.render().unwrap_or_default().into_bytes()
}

fn links(addresses: &Addresses, settings: &Settings, follow: &Follow) -> Vec<FeedLink> {
    let link = |format: &Format| FeedLink {
        format: format.title(),
        media_type: format.content_type(),
        url: addresses.url(follow, *format),
    };
    settings.formats.iter().map(link).collect()
}
