//! What is taken of a Jekyll site's settings.

use super::jekyll::convert;
use crate::config::Config;

const JEKYLL: &str = "title: 样例站
url: https://news.example.cn/
baseurl: /blog
author: {name: 编辑部, email: a@example.cn}
lang: zh-CN
timezone: Asia/Shanghai
permalink: pretty
excerpt_separator: <!--more-->
show_drafts: true
future: true
exclude: [README.md]
feed: {posts_limit: 30, path: atom.xml}
defaults:
- scope: {path: '', type: posts}
  values: {layout: post, author: 值班}
- scope: {path: assets, type: pages}
  values: {layout: page}
- scope: {path: _posts/old, foo: 1}
  values: {a: b}
plugins: [jekyll-feed]
";

#[test]
fn the_keys_that_both_know_are_taken_and_the_rest_is_told() {
    let folders = ["_posts".to_owned(), "_drafts".to_owned()];
    let (text, notes) = convert(JEKYLL, &folders).unwrap();
    let config: Config = serde_yaml::from_str(&text).unwrap();
    assert_eq!(config.site.url, "https://news.example.cn/blog");
    assert_eq!(config.site.author.as_deref(), Some("编辑部"));
    assert_eq!(config.posts.permalink, "pretty");
    assert_eq!(config.posts.excerpt_separator, "<!--more-->");
    assert!(config.posts.drafts);
    assert_eq!(config.posts.roots().len(), 2);
    assert_eq!(config.posts.defaults.len(), 1);
    assert_eq!(
        (config.feeds.limit, config.feeds.paths.site.as_str()),
        (30, "/atom")
    );
    let told = notes.join("\n");
    for words in ["exclude", "future", "an entry is left out"] {
        assert!(told.contains(words), "{words} in {told}");
    }
    assert!(config.validate().is_ok());
}

#[test]
fn an_empty_config_is_one_and_a_list_is_none() {
    let (text, notes) = convert("", &[]).unwrap();
    let config: Config = serde_yaml::from_str(&text).unwrap();
    assert_eq!(config.posts.roots().len(), 1);
    assert!(notes.iter().any(|note| note.starts_with("site.url")));
    assert!(convert("- a\n- b\n", &[]).is_err());
    assert!(convert("a: [", &[]).is_err());
}
