//! Conditional requests, RFC 9110 section 13.
//! In: the request's headers and the validators of what we have. Out: whether 304 is the answer.

use std::time::{Duration, SystemTime};

use hyper::{HeaderMap, header};

use super::negotiate::Coding;
use super::shelf::Stamp;

/// A strong tag: same tag, same bytes and type. So each coding has its own, and so has the view of
/// a feed in a browser (RFC 9110 section 8.8.3.3).
pub fn etag(stamp: &Stamp, coding: Coding, is_browser_view: bool) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    let mut tag = String::with_capacity(40);
    tag.push('"');
    for byte in stamp.hash {
        tag.push(digit(byte >> 4));
        tag.push(digit(byte & 15));
    }
    if is_browser_view {
        tag.push_str("-x");
    }
    match coding {
        Coding::Identity => {}
        Coding::Gzip => tag.push_str("-gz"),
        Coding::Brotli => tag.push_str("-br"),
    }
    tag.push('"');
    tag
}

/// Time of the last change in whole seconds, as HTTP has it. `None` for times that HTTP cannot
/// write, for times to come (section 8.8.2.1 forbids them), and for the second that lasts: another version may come in it
/// (section 8.8.2.2).
pub fn last_modified(stamp: &Stamp, now: SystemTime) -> Option<SystemTime> {
    let seconds = u64::try_from(stamp.modified_ns / 1_000_000_000).ok()?;
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    (at + Duration::from_secs(1) <= now).then_some(at)
}

/// Whether the client has these very bytes. `If-None-Match` decides alone when it is there; a date must be the one that we
/// gave: a clock that was set back must not hide what came since.
pub fn is_unchanged(headers: &HeaderMap, etag: &str, modified: Option<SystemTime>) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags.any(|tags| matches(tags.as_bytes(), etag.as_bytes()));
    }
    let since = headers.get(header::IF_MODIFIED_SINCE);
    let since = since.and_then(|since| since.to_str().ok());
    let since = since.and_then(|since| httpdate::parse_http_date(since).ok());
    matches!((since, modified), (Some(since), Some(modified)) if modified == since)
}

/// Weak comparison with a list. Tags hold no quotes, and ours no comma, so splitting at commas
/// cannot turn a stranger's tag into ours: ours is compared with its quotes.
fn matches(list: &[u8], etag: &[u8]) -> bool {
    list.split(|byte| *byte == b',').any(|tag| {
        let tag = tag.trim_ascii();
        tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(name: header::HeaderName, value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        is_unchanged(&headers, "\"ab\"", Some(modified))
    }

    #[test]
    fn tags_are_compared_weakly_and_in_lists() {
        for same in [
            "\"ab\"",
            "W/\"ab\"",
            "*",
            "\"x\", \"ab\"",
            "\"x\",W/\"ab\" ",
        ] {
            assert!(asks(header::IF_NONE_MATCH, same), "{same}");
        }
        for other in ["\"a\"", "ab", "", "\"abc\"", "\"x\", \"y\""] {
            assert!(!asks(header::IF_NONE_MATCH, other), "{other}");
        }
    }

    #[test]
    fn dates_count_to_the_second_and_nonsense_is_ignored() {
        assert!(asks(
            header::IF_MODIFIED_SINCE,
            "Sun, 06 Nov 1994 08:49:37 GMT"
        ));
        assert!(!asks(
            header::IF_MODIFIED_SINCE,
            "Sun, 06 Nov 1994 08:49:36 GMT"
        ));
        assert!(!asks(header::IF_MODIFIED_SINCE, "yesterday"));
    }
}
