//! Addresses as most are written, understood without the crate `url`.
//! In: an address. Out: what that crate makes of it, where it is certain that nothing in it changes.
//! A property test holds every answer against the crate's.

/// True for an address of http or https that the crate reads and writes as it is.
pub(super) fn is_plain(address: &str) -> bool {
    let rest = address.strip_prefix("http");
    let rest = rest.map(|rest| rest.strip_prefix('s').unwrap_or(rest));
    let Some(rest) = rest.and_then(|rest| rest.strip_prefix("://")) else {
        return false;
    };
    match memchr::memchr(b'/', rest.as_bytes()) {
        Some(at) => is_host(&rest[..at]) && is_path(&rest[at..]),
        None => false,
    }
}

/// A path from the root of a site of http or https whose address, up to its host and port, is `origin`.
pub(super) fn rooted(origin: &str, path: &str) -> Option<String> {
    if origin.is_empty() || !is_path(path) || path.starts_with("//") {
        return None;
    }
    let mut address = String::with_capacity(origin.len() + path.len());
    address.push_str(origin);
    address.push_str(path);
    Some(address)
}

/// Names of small letters, of which none is in code and the last one is no number.
fn is_host(host: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut starts = true;
    let mut last = 0;
    for (at, byte) in host.bytes().enumerate() {
        let is_point = byte == b'.' && !starts;
        if !(is_letter(byte) || is_point || (byte == b'-' && !starts)) {
            return false;
        }
        if starts {
            last = at;
        }
        starts = is_point;
    }
    let is_code = host.starts_with("xn--") || host.contains(".xn--");
    !starts && !is_code && host.as_bytes()[last].is_ascii_lowercase()
}

/// A path, with or without a query, of characters that stand for themselves, and without `.` and `..`.
fn is_path(path: &str) -> bool {
    let is_part = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'/' | b'-' | b'_' | b'.' | b'~' | b'?' | b'=' | b'&' | b'+' | b',' | b':'
            )
    };
    let bytes = path.as_bytes();
    bytes.first() == Some(&b'/')
        && bytes.iter().all(|byte| is_part(*byte))
        && !bytes.windows(2).any(|two| two == b"/.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn everyday_addresses_are_plain() {
        assert!(is_plain("https://news.example/zhuanti/10.html?a=1&b=2"));
        assert!(is_plain("http://finance.a-b.test/news/1355,2022.html"));
        for odd in [
            "https://news.example",
            "https://News.example/",
            "https://1.2.3.4/",
            "https://a..test/",
            "https://a.test:80/",
            "https://xn--a/",
            "https://a.test/../b",
            "https://a.test/汉",
            "ftp://a.test/",
        ] {
            assert!(!is_plain(odd), "{odd}");
        }
        assert_eq!(
            rooted("https://a.test", "/b"),
            Some("https://a.test/b".into())
        );
        assert_eq!(rooted("https://a.test", "//b"), None);
        assert_eq!(rooted("https://a.test", "b"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn nothing_in_a_plain_address_changes(
            host in "[a-cx]{1,3}|[a-cnx0-9.-]{1,12}|xn--[a-z]{1,4}|[a-z]{1,3}\\.0x[0-9a-f]{1,2}|\\PC{1,4}",
            path in "(/[a-zA-Z0-9._~?=&+,:%#@!$'()*;\\\\ |-]{0,6}){0,4}|/\\PC{0,6}",
            site in prop::sample::select(vec![
                "https://news.example", "http://a.test/base/", "https://a.test:8443/b?c#d", "http://u:p@a.test",
            ]),
        ) {
            for scheme in ["https", "http"] {
                let address = format!("{scheme}://{host}{path}");
                if is_plain(&address) {
                    let url = Url::parse(&address).map(String::from);
                    prop_assert_eq!(url.as_deref(), Ok(address.as_str()));
                }
            }
            let base = Url::parse(&format!("{site}/2022/02/18/a.html")).unwrap();
            let origin = &Url::parse(site).unwrap()[..url::Position::BeforePath];
            if let Some(joined) = rooted(origin, &path) {
                prop_assert_eq!(joined, String::from(base.join(&path).unwrap()));
            }
        }
    }
}
