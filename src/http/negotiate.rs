//! What the client wants, RFC 9110 section 12.5.
//! In: `Accept` and `Accept-Encoding`. Out: a content coding, and whether a browser asks.

use hyper::HeaderMap;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderName};

/// How a body is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    Identity,
    Gzip,
    Brotli,
}

impl Coding {
    /// The name in `Content-Encoding`; none for identity.
    pub fn token(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Brotli => Some("br"),
        }
    }
}

/// Weights in thousandths; `None` is what the client does not mention.
#[derive(Debug, Default)]
struct Wishes {
    identity: Option<u16>,
    gzip: Option<u16>,
    brotli: Option<u16>,
    rest: Option<u16>,
}

/// The coding that the client likes best; brotli before gzip before nothing when it likes them
/// alike. `None`: it takes none that we have. A client that does not mention codings gets none: it
/// may well be one that knows of none.
pub fn coding(headers: &HeaderMap, compress: bool) -> Option<Coding> {
    let mut wishes = Wishes::default();
    let mut is_told = false;
    for (token, weight) in members(headers, &ACCEPT_ENCODING) {
        is_told = true;
        match token {
            _ if token.eq_ignore_ascii_case(b"identity") => wishes.identity = Some(weight),
            _ if token.eq_ignore_ascii_case(b"gzip") => wishes.gzip = Some(weight),
            _ if token.eq_ignore_ascii_case(b"x-gzip") => wishes.gzip = Some(weight),
            _ if token.eq_ignore_ascii_case(b"br") => wishes.brotli = Some(weight),
            b"*" => wishes.rest = Some(weight),
            _ => {}
        }
    }
    if !is_told {
        return Some(Coding::Identity);
    }
    let coded = |wish: Option<u16>| wish.or(wishes.rest).unwrap_or(0);
    // Without a word on it identity is fine, but anything that was asked for is better.
    let identity = wishes.identity.or(wishes.rest.filter(|rest| *rest == 0));
    let coded_first = compress || identity == Some(0);
    let choices = [
        (Coding::Brotli, coded(wishes.brotli)),
        (Coding::Gzip, coded(wishes.gzip)),
        (Coding::Identity, identity.unwrap_or(1)),
    ];
    let fits =
        |choice: &&(Coding, u16)| choice.1 > 0 && (coded_first || choice.0 == Coding::Identity);
    // The first of the best: `max_by_key` would take the last.
    let best = choices
        .iter()
        .rev()
        .filter(fits)
        .max_by_key(|choice| choice.1);
    best.map(|choice| choice.0)
}

/// Whether a person's browser navigates here. Browsers name `text/html`; so do some feed readers
/// (SimplePie, Miniflux), but these name the feed types as well.
pub fn is_browser(headers: &HeaderMap) -> bool {
    let mut is_html = false;
    for (token, weight) in members(headers, &ACCEPT) {
        let is = |kind: &[u8]| weight > 0 && token.eq_ignore_ascii_case(kind);
        if is(b"application/atom+xml") || is(b"application/rss+xml") {
            return false;
        }
        is_html = is_html || is(b"text/html");
    }
    is_html
}

/// The members of a list with their weights. Nonsense for a weight counts as 1.
fn members<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = (&'h [u8], u16)> + use<'h> {
    let lists = headers.get_all(name).iter();
    let members = lists.flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
    members.filter_map(|member| {
        let mut parts = member.split(|byte| *byte == b';');
        let token = parts.next()?.trim_ascii();
        let weight = parts.find_map(|part| weight(part.trim_ascii()));
        (!token.is_empty()).then_some((token, weight.unwrap_or(1000)))
    })
}

/// `q=0.5` in thousandths.
fn weight(parameter: &[u8]) -> Option<u16> {
    let (name, value) = std::str::from_utf8(parameter).ok()?.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value: f32 = value.trim().parse().ok()?;
    // Rounded up: what is above nothing is not refused.
    (0.0..=1.0)
        .contains(&value)
        .then_some((value * 1000.0).ceil() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn the_coding_that_the_client_likes_best_is_chosen() {
        for (asked, chosen) in [
            ("gzip", Some(Coding::Gzip)),
            ("x-gzip", Some(Coding::Gzip)),
            ("gzip, deflate, br, zstd", Some(Coding::Brotli)),
            ("GZIP;q=1.0, br;Q=0.9", Some(Coding::Gzip)),
            ("gzip;q=0.5,br;q=0.5", Some(Coding::Brotli)),
            ("deflate", Some(Coding::Identity)),
            ("", Some(Coding::Identity)),
            ("*", Some(Coding::Brotli)),
            ("*;q=0, gzip", Some(Coding::Gzip)),
            ("br;q=0, *;q=0.3", Some(Coding::Gzip)),
            ("gzip;q=0, br;q=0", Some(Coding::Identity)),
            ("identity, gzip;q=0.5", Some(Coding::Identity)),
            ("gzip;q=0.001", Some(Coding::Gzip)),
            ("identity;q=0, gzip;q=0.1", Some(Coding::Gzip)),
            ("identity;q=0", None),
            ("*;q=0", None),
            ("deflate, *;q=0", None),
            ("gzip;q=2", Some(Coding::Gzip)),
            ("gzip;q=x;level=9", Some(Coding::Gzip)),
        ] {
            assert_eq!(
                coding(&headers(ACCEPT_ENCODING, asked), true),
                chosen,
                "{asked}"
            );
        }
        assert_eq!(coding(&HeaderMap::new(), true), Some(Coding::Identity));
    }

    #[test]
    fn what_is_too_small_is_coded_only_for_those_who_take_nothing_else() {
        let small = |asked| coding(&headers(ACCEPT_ENCODING, asked), false);
        assert_eq!(small("gzip, br"), Some(Coding::Identity));
        assert_eq!(small("identity;q=0, gzip"), Some(Coding::Gzip));
        assert_eq!(small("*;q=0, br"), Some(Coding::Brotli));
        assert_eq!(small("identity;q=0"), None);
    }

    #[test]
    fn browsers_are_told_from_readers_that_take_html_too() {
        for browser in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
            "text/html",
        ] {
            assert!(is_browser(&headers(ACCEPT, browser)), "{browser}");
        }
        for reader in [
            "*/*",
            "application/rss+xml, text/html;q=0.1",
            // SimplePie, so FreshRSS
            "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, \
             application/xml;q=0.8, text/xml;q=0.8, text/html;q=0.7, */*;q=0.1",
            // Miniflux
            "application/xml, application/atom+xml, application/rss+xml, application/rdf+xml, \
             application/feed+json, text/html, */*;q=0.9",
            // feedparser
            "application/atom+xml,application/rdf+xml,application/rss+xml,application/x-netcdf,\
             application/xml;q=0.9,text/xml;q=0.2,*/*;q=0.1",
            "text/html;q=0, application/xml",
        ] {
            assert!(!is_browser(&headers(ACCEPT, reader)), "{reader}");
        }
        assert!(!is_browser(&HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_fault_and_refusals_hold(asked in "[ -~]{0,80}") {
            let headers = headers(ACCEPT_ENCODING, &asked);
            let _ = is_browser(&headers);
            if coding(&headers, true) == Some(Coding::Gzip) {
                prop_assert!(asked.to_ascii_lowercase().contains("gzip") || asked.contains('*'));
            }
        }
    }
}
