//! How deep elements nest, seen before HTML is parsed.
//! In: HTML of any quality. Out: whether a parser would take quadratic time for it.
//! Counts rather too much than too little.

/// True when elements are nested deeper than `limit`: such HTML takes parsers quadratic time.
/// Counts too much rather than too little; `<p>`, `<li>` and table parts close themselves.
pub(super) fn too_deep(html: &str, limit: usize) -> bool {
    let bytes = html.as_bytes();
    let mut open: Vec<&[u8]> = Vec::new();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        let start = at + found + 1;
        let closes = bytes.get(start) == Some(&b'/');
        let from = start + usize::from(closes);
        let length = bytes[from.min(bytes.len())..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric())
            .count();
        let name = &bytes[from.min(bytes.len())..][..length];
        at = (from + length).min(bytes.len());
        if name.is_empty() || closes_itself(name) {
            continue;
        }
        if !closes {
            open.push(name);
            if open.len() > limit {
                return true;
            }
        } else if let Some(last) = open.iter().rposition(|o| o.eq_ignore_ascii_case(name)) {
            open.remove(last);
        }
    }
    false
}

fn closes_itself(name: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "p", "li", "td", "th", "tr", "dt", "dd", "tbody", "thead", "tfoot", "option", "area",
        "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
        "track", "wbr",
    ];
    NAMES
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_seen_before_parsing() {
        assert!(!too_deep(&"<p>a<br>".repeat(1000), 256));
        assert!(!too_deep(&"<div><b>a</b></div>".repeat(1000), 256));
        assert!(too_deep(&"<div>".repeat(300), 256));
        assert!(too_deep(&"<div></b>".repeat(300), 256));
        assert!(too_deep(&"<b><div></b>".repeat(300), 256));
        assert!(!too_deep("a < b <", 1));
    }
}
