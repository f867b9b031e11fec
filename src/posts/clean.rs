//! Takes out what is not the article.
//! In: a body's tree and the cleaning rules. Out: marks on the tree, and what the boilerplate
//! said: the source's name, the address at the source.

use std::borrow::Cow;

use url::Url;

use super::decode::any_of_three;
use super::names::Role;
use super::rules::{Patterns, Rules};
use super::tree::{Id, Mark, Node, ROOT, Tree};
use super::urls;

/// A source line or image credit is short; a longer block is not even looked at.
const LONGEST_LINE: usize = 240;

/// What the boilerplate said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The paper or agency that the article came from.
    pub source: Option<String>,
    /// The article's address there.
    pub via: Option<String>,
    /// Links to boards of stocks, which say nothing of the article.
    pub concepts: Vec<Id>,
}

/// Marks everything that is not the article.
pub(super) fn clean(tree: &mut Tree, rules: &Rules) -> Said {
    let mut said = Said::default();
    elements(tree, rules, &mut said);
    tail(tree, rules, &mut said);
    lines(tree, rules, &mut said);
    said
}

/// Hidden elements, tickers and concept links.
fn elements(tree: &mut Tree, rules: &Rules, said: &mut Said) {
    for id in tree.ids() {
        let node = tree.node(id);
        if node.attrs.is_empty() {
            continue;
        }
        if rules.cleaning.hidden && is_hidden(node) {
            tree.mark(id, Mark::Cut);
            continue;
        }
        let node = tree.node(id);
        let concept = node.name == "span" && begins(node.attr("id"), &rules.cleaning.concept_ids);
        if concept {
            said.concepts.push(id);
        }
        if concept || is_ticker(node, rules) {
            let links: Vec<Id> = tree
                .children(id)
                .filter(|c| tree.node(*c).name.role == Role::Link)
                .collect();
            for link in links {
                tree.mark(link, Mark::Unwrapped);
            }
            tree.mark(id, Mark::Unwrapped);
        }
    }
}

fn is_hidden(node: &Node) -> bool {
    if node.attr("hidden").is_some() {
        return true;
    }
    let Some(style) = node.attr("style") else {
        return false;
    };
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    let style = style.to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}

fn is_ticker(node: &Node, rules: &Rules) -> bool {
    if !matches!(node.name.name(), "a" | "span") {
        return false;
    }
    let classes = node.attr("class").unwrap_or("");
    let known = |class: &str| rules.cleaning.ticker_classes.iter().any(|c| c == class);
    if classes.split_ascii_whitespace().any(known) {
        return true;
    }
    node.name == "span" && begins(node.attr("id"), &rules.cleaning.ticker_ids)
}

fn begins(id: Option<&str>, starts: &[String]) -> bool {
    let id = id.unwrap_or("");
    let mut starts = starts.iter();
    starts.any(|start| !start.is_empty() && id.starts_with(start.as_str()))
}

/// From the end backwards: footer links, the `<http://...>` line, empty blocks.
fn tail(tree: &mut Tree, rules: &Rules, said: &mut Said) {
    let mut next = tree.last_child(ROOT);
    while let Some(id) = next {
        next = tree.previous(id);
        match tail_block(tree, id, rules, said.via.is_some()) {
            Tail::Blank | Tail::Footer => tree.mark(id, Mark::Cut),
            // A body that is nothing but a link keeps it.
            Tail::Via(_) if next.is_none() => break,
            Tail::Via(via) => {
                said.via = Some(via);
                tree.mark(id, Mark::Cut);
            }
            Tail::Article => break,
        }
    }
}

enum Tail {
    Blank,
    Footer,
    Via(String),
    Article,
}

fn tail_block(tree: &Tree, id: Id, rules: &Rules, has_via: bool) -> Tail {
    if is_article(tree, id) {
        return Tail::Article;
    }
    let text = tree.inner_text(id, LONGEST_LINE * 4);
    let text = text.trim();
    let mut links = Vec::new();
    let mut images = false;
    let mut linked = 0;
    for id in tree.below(id) {
        let node = tree.node(id);
        images |= matches!(node.name.name(), "img" | "hr" | "table");
        if node.name.role == Role::Link {
            let text = tree.inner_text(id, LONGEST_LINE * 4);
            linked += text.chars().filter(|c| !c.is_whitespace()).count();
            links.push((
                text.trim().to_owned(),
                node.attr("href").unwrap_or("").to_owned(),
            ));
        }
    }
    let node = tree.node(id);
    if images || matches!(node.name.name(), "img" | "hr" | "table") {
        return Tail::Article;
    }
    if text.is_empty() {
        return Tail::Blank;
    }
    // The pilot's generator writes an empty address as `<>`.
    if rules.cleaning.via_line && text == "<>" {
        return Tail::Footer;
    }
    if links.is_empty() {
        return if is_raw_footer(text, rules) {
            Tail::Footer
        } else {
            Tail::Article
        };
    }
    let between = |c: &char| !(c.is_whitespace() || matches!(c, '｜' | '|' | '·' | '/'));
    let plain_separators = |c: &char| !c.is_whitespace() && !between(c);
    let written = text.chars().filter(between).count();
    let separators: usize = links
        .iter()
        .map(|(t, _)| t.chars().filter(plain_separators).count())
        .sum();
    if written > linked - separators.min(linked) {
        return Tail::Article;
    }
    let mut via = None;
    for (text, href) in &links {
        if rules.footer_links.is_match(text) {
            continue;
        }
        match address(text, href).filter(|_| rules.cleaning.via_line && !has_via && via.is_none()) {
            Some(found) => via = Some(found),
            None => return Tail::Article,
        }
    }
    via.map_or(Tail::Footer, Tail::Via)
}

/// What is seen at a glance to be no footer: it begins with words, and there are no links in it.
fn is_article(tree: &Tree, id: Id) -> bool {
    const AHEAD: usize = 4;
    const BLANKS: usize = 32;
    let begins = tree.texts(id).take(AHEAD).find_map(|text| {
        let words = text.trim_start();
        let near = text.len() - words.len() <= BLANKS;
        words.chars().next().filter(|_| near)
    });
    // What a written link or an empty address begins with.
    begins.is_some_and(|first| !matches!(first, '[' | '<'))
        && tree
            .below(id)
            .all(|id| tree.node(id).name.role != Role::Link)
}

/// A footer in Markdown right below an HTML block is text, not links.
fn is_raw_footer(text: &str, rules: &Rules) -> bool {
    let mut rest = text;
    let mut any = false;
    while let Some(link) = rest.strip_prefix('[') {
        let Some((name, after)) = link.split_once("](") else {
            return false;
        };
        let Some((_, after)) = after.split_once(')') else {
            return false;
        };
        if !rules.footer_links.is_match(name) {
            return false;
        }
        any = true;
        rest = after.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '｜' | '|'));
    }
    any && rest.is_empty()
}

/// The address of a link that shows nothing but its address.
fn address(text: &str, href: &str) -> Option<String> {
    if text == href && urls::is_plain(href) {
        return Some(href.to_owned());
    }
    let shown = Url::parse(text).ok()?;
    let target = Url::parse(href).ok()?;
    let http = matches!(target.scheme(), "http" | "https") && target.has_host();
    (http && shown == target).then(|| href.to_owned())
}

/// Source lines and image credits, wherever they stand.
fn lines(tree: &mut Tree, rules: &Rules, said: &mut Said) {
    for id in tree.ids() {
        let node = tree.node(id);
        if node.mark == Mark::Cut || !node.name.is_block || has_block(tree, id) {
            continue;
        }
        let Some(text) = short_text(tree, id) else {
            trailing_source(tree, id, rules, said);
            continue;
        };
        if let Some(source) = source_of(&rules.source_lines, &text) {
            said.source.get_or_insert(source);
            tree.mark(id, Mark::Cut);
        } else if rules.image_credits.is_match(&text) {
            tree.mark(id, Mark::Cut);
        } else {
            trailing_source(tree, id, rules, said);
        }
    }
}

/// The text of a block that is short enough for a line, with one blank for any white space.
fn short_text<'t>(tree: &'t Tree, id: Id) -> Option<Cow<'t, str>> {
    let mut line = Cow::Borrowed("");
    let mut add = |text: &'t str| {
        if line.len() + text.len() > LONGEST_LINE {
            return None;
        }
        match line.is_empty() {
            true => line = Cow::Borrowed(text),
            false => line.to_mut().push_str(text),
        }
        Some(())
    };
    match tree.only_text(id) {
        Some(text) => add(text)?,
        None => tree.texts(id).try_for_each(add)?,
    }
    if may_have_space(&line) && line.contains(char::is_whitespace) {
        return Some(Cow::Owned(
            line.split_whitespace().collect::<Vec<_>>().join(" "),
        ));
    }
    Some(line)
}

/// False when a text is sure to have no white space, of which all begins with one of these.
fn may_have_space(text: &str) -> bool {
    any_of_three(text.as_bytes(), |byte, second, third| {
        let wide = u8::from(byte == 0xE3) & u8::from(second == 0x80) & u8::from(third == 0x80);
        // U+2000 to U+200A, U+2028, U+2029, U+202F and U+205F, but no quotation mark and no dash.
        let general = u8::from(third <= 0x8A) | u8::from(third == 0x9F) | u8::from(third >= 0xA8);
        let general = u8::from(byte == 0xE2) & u8::from(second <= 0x81) & general;
        u8::from(byte <= b' ') | u8::from(byte == 0xC2) | u8::from(byte == 0xE1) | general | wide
    })
}

fn has_block(tree: &Tree, id: Id) -> bool {
    tree.children(id)
        .any(|child| tree.node(child).name.is_block)
}

fn source_of(lines: &Patterns, text: &str) -> Option<String> {
    // Hardly any block is one, and to see that costs less than to take it apart.
    let found = lines.find(text)?.captures(text)?;
    let name = found
        .get(1)
        .map(|m| m.as_str().trim())
        .filter(|name| !name.is_empty())?;
    Some(name.to_owned())
}

/// `……。（文章来源：X）` at the end of a paragraph.
fn trailing_source(tree: &mut Tree, id: Id, rules: &Rules, said: &mut Said) {
    let Some(last) = tree
        .last_child(id)
        .filter(|last| tree.node(*last).is_text())
    else {
        return;
    };
    let text = tree.node(last).text.trim_end();
    if !text.ends_with(['）', ')']) {
        return;
    }
    let Some(open) = text.rfind(['（', '(']) else {
        return;
    };
    if let Some(source) = source_of(&rules.source_lines, &text[open..]) {
        said.source.get_or_insert(source);
        tree.truncate_text(last, open);
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::example_rules;
    use super::*;

    fn run(html: &str) -> (String, Said) {
        let mut tree = Tree::parse(html);
        let said = clean(&mut tree, &example_rules());
        (tree.html(0).trim().to_owned(), said)
    }

    #[test]
    fn all_shapes_of_footer_go() {
        let home = "<a href='../'>返回首页</a>";
        for footer in [
            String::new(),
            format!("<p><a href='../x/'>返回滚动</a>\n{home}</p>"),
            format!("<p><a href='//a.test/x/'>返回滚动</a><br>{home}</p>"),
            format!("<p><a href='//a.test/x/'>返回滚动</a>｜{home}</p>"),
            format!("<p>{home}</p>\n<p> </p>"),
            "[返回滚动](../x/)\n[返回首页](../)".to_owned(),
        ] {
            assert_eq!(
                run(&format!("<p>甲</p>\n{footer}")).0,
                "<p>甲</p>",
                "{footer}"
            );
        }
        assert!(
            run("<p>甲</p><p>见<a href='/'>返回首页</a></p>")
                .0
                .contains("返回")
        );
        assert!(
            run("<p>甲</p><p><a href='/'>下一页</a></p>")
                .0
                .contains("下一页")
        );
    }

    #[test]
    fn no_white_space_is_overlooked() {
        for space in ('\0'..='\u{FFFF}').filter(|c| c.is_whitespace()) {
            assert!(may_have_space(&format!("甲{space}")), "{space:?}");
        }
        assert!(!may_have_space("“市场监管”……——《甲》、（a-b）"));
    }

    #[test]
    fn the_link_line_is_the_via_address() {
        let link = "<p><a href='http://a.test/1.html'>http://a.test/1.html</a></p>";
        let (html, said) = run(&format!("<p>甲</p>{link}<p><a href='/'>返回首页</a></p>"));
        assert_eq!(
            (html.as_str(), said.via.as_deref()),
            ("<p>甲</p>", Some("http://a.test/1.html"))
        );
        assert_eq!(run("<p>甲</p><p>&lt;&gt;</p>").0, "<p>甲</p>");
        assert_eq!(run(link).1.via, None);
        let other = "<p>甲</p><p><a href='http://a.test/'>http://b.test/</a></p>";
        assert_eq!(run(other).1.via, None);
    }

    #[test]
    fn the_source_line_is_read_through_its_links() {
        let line = "<p class=m>（文章来源：上海<span id=stock_1><a href=/q>证券</a></span>报）</p>";
        let (html, said) = run(&format!("<p>甲</p>{line}"));
        assert_eq!(
            (html.as_str(), said.source.as_deref()),
            ("<p>甲</p>", Some("上海证券报"))
        );
        let (html, said) = run("<p>甲。（文章来源：乙报）</p>");
        assert_eq!(
            (html.as_str(), said.source.as_deref()),
            ("<p>甲。</p>", Some("乙报"))
        );
    }

    #[test]
    fn hidden_elements_tickers_and_credits_go() {
        assert_eq!(
            run("<p style='Display : none'>x</p><p hidden>y</p><p>甲</p>").0,
            "<p>甲</p>"
        );
        let ticker = "<p>甲<span id='stock_1'><a href='/q' class='keytip'>乙</a></span><span id='quote_1'></span></p>";
        assert_eq!(run(ticker).0, "<p>甲乙</p>");
        assert_eq!(
            run("<p><a href='/q' class='x keytip'>乙</a></p>").0,
            "<p>乙</p>"
        );
        assert_eq!(run("<p>甲</p><center>图片来源：丙</center>").0, "<p>甲</p>");
    }
}
