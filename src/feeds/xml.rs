//! Elements of XML, for what is written too often to be built first.
//! In: names of ours, texts that `text::clean` has passed. Out: bytes, as quick-xml would write them.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use quick_xml::escape::escape;

static CDATA_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"]]>"));

/// `<name>text</name>`
pub fn element(out: &mut Vec<u8>, name: &str, text: &str) {
    opened(out, name, &[]);
    escape_into(text, out);
    closed(out, name);
}

/// `<name><![CDATA[text]]></name>`, where `]]>` parts the text in two.
pub fn cdata(out: &mut Vec<u8>, name: &str, text: &str) {
    opened(out, name, &[]);
    out.extend_from_slice(b"<![CDATA[");
    let mut from = 0;
    for at in CDATA_END.find_iter(text.as_bytes()) {
        let end = at + 2;
        out.extend_from_slice(&text.as_bytes()[from..end]);
        out.extend_from_slice(b"]]><![CDATA[");
        from = end;
    }
    out.extend_from_slice(&text.as_bytes()[from..]);
    out.extend_from_slice(b"]]>");
    closed(out, name);
}

/// `<name key="value"/>`
pub fn empty(out: &mut Vec<u8>, name: &str, attributes: &[(&str, &str)]) {
    start(out, name, attributes);
    out.extend_from_slice(b"/>");
}

/// `<name key="value">`
pub fn opened(out: &mut Vec<u8>, name: &str, attributes: &[(&str, &str)]) {
    start(out, name, attributes);
    out.push(b'>');
}

/// `</name>`
pub fn closed(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

fn start(out: &mut Vec<u8>, name: &str, attributes: &[(&str, &str)]) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    for (key, value) in attributes {
        out.push(b' ');
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"=\"");
        escape_into(value, out);
        out.push(b'"');
    }
}

/// A text with its signs escaped.
pub fn escape_into(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    // Nearly no text has any, and to see that the crate goes byte by byte.
    let has_sign = memchr::memchr3(b'<', b'>', b'&', bytes).is_some()
        || memchr::memchr2(b'"', b'\'', bytes).is_some();
    match has_sign {
        true => out.extend_from_slice(escape(text).as_bytes()),
        false => out.extend_from_slice(bytes),
    }
}
