//! The one gate through which every text passes on its way into a feed.
//! In: any string. Out: text that XML 1.0 can hold, and URIs that RFC 3986 can hold.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use unicode_normalization::UnicodeNormalization;
use url::Url;

/// Removes what XML 1.0 forbids even when escaped (section 2.2: controls, U+FFFE, U+FFFF) and
/// turns carriage returns into line feeds, as any XML parser would. Used for JSON as well, so that
/// the three formats agree.
pub fn clean(text: &str) -> Cow<'_, str> {
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    static LASTS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\xEF\xBF"));
    let bytes = text.as_bytes();
    // Many bytes at a time, as articles pass here.
    let (blocks, rest) = bytes.as_chunks::<64>();
    let control = |any: u8, byte: &u8| {
        any | (u8::from(*byte < b' ') & u8::from(*byte != b'\t') & u8::from(*byte != b'\n'))
    };
    let has_control = rest.iter().fold(0, control) != 0
        || blocks
            .iter()
            .any(|block| block.iter().fold(0, control) != 0);
    let is_last = |at| matches!(bytes.get(at + 2), Some(0xBE | 0xBF));
    if !has_control && !LASTS.find_iter(bytes).any(is_last) {
        return Cow::Borrowed(text);
    }
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(lines.chars().filter(|c| is_xml_char(*c)).collect())
}

/// `Char` of XML 1.0, 2.2. Surrogates cannot occur in a `str`.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// A title as readers see jekyll-feed's: without markup, white space as single spaces, `&amp;` as the character that it
/// means. Only elements that titles are written with count as markup: `<市场>` is text.
pub fn title_text(title: &str) -> Cow<'_, str> {
    let title = clean(title);
    let bytes = title.as_bytes();
    let has_double = || memchr::memchr(b' ', bytes).is_some() && title.contains("  ");
    if memchr::memchr3(b'<', b'\n', b'\t', bytes).is_none()
        && memchr::memchr(b'&', bytes).is_none()
        && !has_double()
        && title.trim() == title
    {
        return title;
    }
    let mut kept = String::with_capacity(title.len());
    let mut rest = &*title;
    while let Some(at) = rest.find('<') {
        kept.push_str(&rest[..at]);
        let length = markup(&rest[at..]).unwrap_or_else(|| {
            kept.push('<');
            1
        });
        rest = &rest[at + length..];
    }
    kept.push_str(rest);
    if kept.contains('&') {
        kept = clean(&without_entities(&kept)).into_owned();
    }
    let words: Vec<&str> = kept.split_ascii_whitespace().collect();
    Cow::Owned(words.join(" "))
}

/// HTML's named and numbered characters as themselves (WHATWG, 13.2.5.72); what is none stays.
fn without_entities(text: &str) -> String {
    let html = scraper::Html::parse_fragment(&text.replace('<', "&lt;"));
    html.root_element().text().collect()
}

/// The length of the tag at the start of `text`, if it is one of those that titles are written with.
fn markup(text: &str) -> Option<usize> {
    const NAMES: [&str; 20] = [
        "a", "abbr", "b", "big", "br", "code", "del", "em", "font", "i", "img", "ins", "kbd",
        "mark", "small", "span", "strong", "sub", "sup", "u",
    ];
    let end = text.find('>')?;
    let inner = text.get(1..end)?.trim_start_matches('/');
    let name = inner
        .split([' ', '\t', '\n', '/'])
        .next()
        .unwrap_or_default();
    let is_known = NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
    (is_known && !inner.contains('<')).then_some(end + 1)
}

/// Plain text as HTML text: RSS descriptions are read as HTML.
pub fn html_text(text: &str) -> Cow<'_, str> {
    let mut from = 0;
    let mut out = String::new();
    for at in memchr::memchr3_iter(b'&', b'<', b'>', text.as_bytes()) {
        out.push_str(&text[from..at]);
        out.push_str(match text.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            _ => "&gt;",
        });
        from = at + 1;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// The part of an absolute URI below its authority, legal by RFC 3986. jekyll-feed sends ids
/// through Addressable's `normalize`: NFC (NFKC before its version 2.8.2 of 2023), then percent-encoding of what is illegal; legal
/// text, `%XX` included, stays as it is, and so do we: the ids must be the same bytes.
pub fn uri_path(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_uri_path(&mut out, text);
    out
}

/// The same behind an address.
pub fn push_uri_path(out: &mut String, text: &str) {
    // Most are nothing but these.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.');
    if text.bytes().all(is_plain) {
        return out.push_str(text);
    }
    let mut in_fragment = false;
    // ASCII is composed already.
    let composed: Cow<'_, str> = match text.is_ascii() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.nfc().collect()),
    };
    let bytes = composed.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let legal = match byte {
            b'%' => {
                let hex = |n: usize| bytes.get(at + n).is_some_and(u8::is_ascii_hexdigit);
                hex(1) && hex(2)
            }
            // One fragment only.
            b'#' => !std::mem::replace(&mut in_fragment, true),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' => true,
            b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@' | b'/' | b'?' => true,
            _ => byte.is_ascii_alphanumeric(),
        };
        if legal {
            out.push(char::from(byte));
        } else {
            push_escaped(out, byte);
        }
    }
}

/// `%XX` of one byte.
pub fn push_escaped(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}

/// An absolute address as ASCII: host in Punycode, the rest percent-encoded. A legal one keeps
/// its bytes; `None` for a text that is no address.
pub fn absolute_uri(text: &str) -> Option<String> {
    let text = clean(text.trim());
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:@[]%".contains(c);
    if !authority.is_empty() && authority.chars().all(plain) {
        return Some(format!("{scheme}://{authority}{}", uri_path(path)));
    }
    let host = Url::parse(&format!("{scheme}://{authority}")).ok()?;
    let host = host.as_str().trim_end_matches('/');
    Some(format!("{host}{}", uri_path(path)))
}

/// Whether a text begins as an absolute URI does (RFC 3986, 3.1), such as `tag:` and `urn:`.
pub fn has_scheme(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(is_part)
}

/// Puts the style sheet's instruction (W3C xml-stylesheet) after the XML declaration.
pub fn with_stylesheet(mut xml: Vec<u8>, href: &str) -> Vec<u8> {
    if let Some(at) = xml.windows(2).position(|two| two == b"?>") {
        let href = quick_xml::escape::escape(href);
        let line = format!("\n<?xml-stylesheet type=\"text/css\" href=\"{href}\"?>");
        xml.splice(at + 2..at + 2, line.into_bytes());
    }
    xml
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_xml_forbids_goes() {
        let kept = "正文 \t\n😀 \u{7f}\u{85}\u{FFFD}\u{E000}";
        assert!(matches!(clean(kept), Cow::Borrowed(text) if text == kept));
        assert_eq!(
            clean("a\u{0}b\u{8}c\u{1f}\u{fffe}\u{ffff}d\r\ne\rf"),
            "abcd\ne\nf"
        );
    }

    #[test]
    fn titles_are_plain_text_on_one_line() {
        assert_eq!(title_text("C# & <b class=x>粗</b><br/>体"), "C# & 粗体");
        assert_eq!(title_text("A&B <市场> 1 < 2 <i"), "A&B <市场> 1 < 2 <i");
        assert_eq!(title_text(" A  b\n c\t"), "A b c");
        assert_eq!(
            title_text("AT&amp;T <b>x</b> &lt;甲&#62; R&D"),
            "AT&T x <甲> R&D"
        );
        assert!(matches!(
            title_text("大众日报　要闻"),
            Cow::Borrowed("大众日报　要闻")
        ));
    }

    #[test]
    fn ids_become_what_jekyll_feed_publishes() {
        let same = "/2022/02/18/a-b_(c)~,;=@'!$&*%E5%BC%80#2";
        assert_eq!(uri_path(same), same);
        assert_eq!(
            uri_path("/2022/01/01/开站 大吉(1)#2#3"),
            "/2022/01/01/%E5%BC%80%E7%AB%99%20%E5%A4%A7%E5%90%89(1)#2%233"
        );
        assert_eq!(uri_path("/100%[x]"), "/100%25%5Bx%5D");
        assert_eq!(uri_path("/e\u{301}"), "/%C3%A9");
    }

    #[test]
    fn addresses_of_sources_become_ascii() {
        let uri = |text| absolute_uri(text).unwrap();
        assert_eq!(
            uri("http://e.cn/a?b=[1]&c=中"),
            "http://e.cn/a?b=%5B1%5D&c=%E4%B8%AD"
        );
        assert_eq!(
            uri("https://例子.测试/a b"),
            "https://xn--fsqu00a.xn--0zwm56d/a%20b"
        );
        assert_eq!(uri("http://[::1]:80/x"), "http://[::1]:80/x");
        assert_eq!(absolute_uri("无"), None);
    }

    proptest! {
        #[test]
        fn clean_text_is_always_xml(text in any::<String>()) {
            let cleaned = clean(&text);
            prop_assert!(cleaned.chars().all(is_xml_char));
            prop_assert_eq!(clean(&cleaned), cleaned.as_ref());
        }

        #[test]
        fn titles_have_single_spaces_only(text in "[a <>/b新\n]{0,12}") {
            let once = title_text(&text);
            prop_assert!(!once.contains("  ") && once.trim() == once);
        }

        #[test]
        fn uri_paths_are_stable_ascii(text in any::<String>()) {
            let once = uri_path(&text);
            prop_assert!(once.is_ascii());
            prop_assert_eq!(uri_path(&once), once);
        }
    }
}
