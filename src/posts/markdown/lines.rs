//! What a line begins with, as kramdown sees it.
//! In: a line. Out: its mark's width, or the line without what no reader sees.
//! Nothing here knows of the lines around it.

pub(super) fn line_at(source: &str, at: usize) -> &str {
    let rest = &source[at.min(source.len())..];
    rest.find('\n').map_or(rest, |end| &rest[..=end])
}

/// The width of a list item's mark and the blanks after it.
pub(super) fn marker(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let mark = match text.as_bytes().get(digits)? {
        b'*' | b'-' | b'+' if digits == 0 => 1,
        b'.' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    let rest = &text[mark..];
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    (blanks > 0 && !rest.trim().is_empty() && !is_rule(text)).then_some(mark + blanks)
}

/// `* * *`
pub(super) fn is_rule(text: &str) -> bool {
    let text: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    text.len() >= 3 && matches!(text[0], b'*' | b'-' | b'_') && text.iter().all(|b| *b == text[0])
}

pub(super) fn is_heading(text: &str) -> bool {
    let marks = text.bytes().take_while(|b| *b == b'#').count();
    (1..=6).contains(&marks) && text[marks..].starts_with([' ', '\t'])
}

/// `## 标题 {#own}`
pub(super) fn without_id(text: &str) -> String {
    let end = text.trim_end();
    let is_id = |at: &usize| {
        let id = end[at + 2..].strip_suffix('}').unwrap_or_default();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-');
        id.starts_with(|c: char| c.is_ascii_alphabetic()) && id.chars().all(is_part)
    };
    match end.rfind("{#").filter(is_id) {
        Some(at) => format!("{}\n", &end[..at]),
        None => text.to_owned(),
    }
}

/// `1) 一` is text: kramdown's lists have a point.
pub(super) fn parenthesis(text: &str) -> String {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && text[digits..].starts_with(')') {
        return format!("{}\\{}", &text[..digits], &text[digits..]);
    }
    text.to_owned()
}

/// `- {: .class} 一`
pub(super) fn without_attributes(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("{:") else {
        return text;
    };
    rest.find('}')
        .map_or(text, |end| rest[end + 1..].trim_start_matches(' '))
}

/// The inside of the one paragraph that running text becomes.
pub(super) fn unwrapped(html: &str) -> &str {
    let html = html.trim();
    let inner = html
        .strip_prefix("<p>")
        .and_then(|inner| inner.strip_suffix("</p>"));
    inner.unwrap_or(html)
}
