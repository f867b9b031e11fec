//! Bytes become text that every later step can trust.
//! In: a file as it lies on the disk. Out: text in Unicode with LF line ends, without BOM and
//! without characters that XML 1.0 forbids; what was changed is noted.

use std::borrow::Cow;

use encoding_rs::GB18030;

use super::findings::{FILE, Findings, line};

/// Decodes a file.
pub(super) fn decode<'b>(bytes: &'b [u8], findings: &mut Findings) -> Cow<'b, str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(foreign(bytes, findings)),
    };
    let text = line_ends(text);
    let Some(at) = text.find(is_forbidden) else {
        return text;
    };
    let row = text[..at].bytes().filter(|b| *b == b'\n').count() + 1;
    findings.note(
        "control-characters",
        line(u32::try_from(row).unwrap_or(0)),
        "control characters that no feed may hold were removed",
        "delete them in an editor that shows invisible characters",
    );
    Cow::Owned(text.replace(is_forbidden, ""))
}

fn foreign(bytes: &[u8], findings: &mut Findings) -> String {
    // A UTF-8 file with a broken byte here and there is not GB18030, though it may decode as such.
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good <= bad * 2
        && let Some(text) = GB18030.decode_without_bom_handling_and_without_replacement(bytes)
    {
        findings.note(
            "not-utf8",
            FILE,
            "the file is not UTF-8 and was read as GB18030 (GBK)",
            "save it as UTF-8",
        );
        return text.into_owned();
    }
    findings.recovered(
        "invalid-utf8",
        FILE,
        format!("{bad} places are not valid UTF-8 and show as \u{FFFD}"),
        "save the file as UTF-8",
    );
    String::from_utf8_lossy(bytes).into_owned()
}

fn line_ends(text: Cow<str>) -> Cow<str> {
    if !text.as_bytes().contains(&b'\r') {
        return text;
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// True for what XML 1.0 forbids.
pub(super) fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Takes out what XML 1.0 forbids: YAML escapes and HTML entities can bring it back in.
pub(super) fn scrub(text: String) -> String {
    let suspicious = |b: &u8| (*b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || *b == 0xEF;
    if text.as_bytes().iter().any(suspicious) && text.contains(is_forbidden) {
        return text.replace(is_forbidden, "");
    }
    text
}

/// One line, trimmed: for titles, names and labels.
pub(super) fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let text = scrub(text.to_owned());
    let text = text.trim();
    if text.contains(breaks) {
        let parts: Vec<&str> = text.split(breaks).map(str::trim).collect();
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        return parts.join(" ");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(bytes: &[u8]) -> (String, Vec<&'static str>) {
        let mut findings = Findings::new("x.md");
        let text = decode(bytes, &mut findings).into_owned();
        let kinds = findings.into_list().iter().map(|p| p.kind).collect();
        (text, kinds)
    }

    #[test]
    fn bom_and_line_ends_pass_in_silence() {
        assert_eq!(
            kinds("\u{FEFF}a\r\nb\rc".as_bytes()),
            ("a\nb\nc".into(), vec![])
        );
    }

    #[test]
    fn control_characters_go_and_are_noted() {
        let (text, kinds) = kinds(b"a\x00b\x08c\xEF\xBF\xBE\td");
        assert_eq!(
            (text.as_str(), kinds),
            ("abc\td", vec!["control-characters"])
        );
    }

    #[test]
    fn gbk_is_read_and_broken_utf8_is_not_taken_for_it() {
        let (bytes, _, _) = GB18030.encode("市场监管总局通报");
        assert_eq!(kinds(&bytes), ("市场监管总局通报".into(), vec!["not-utf8"]));
        let mut broken = "市场监管总局通报".as_bytes().to_vec();
        broken.push(0xFF);
        assert_eq!(kinds(&broken).1, ["invalid-utf8"]);
    }

    #[test]
    fn a_title_is_one_line() {
        assert_eq!(one_line(" a\n b\u{2028}c\u{1F} "), "a b c");
        assert_eq!(one_line("a\u{8}b"), "ab");
    }
}
