//! Forms with files in them (RFC 7578).
//!
//! In: the body of a request. Out: its fields as text; a file is its name, a line end, and its content.

use serde_json::Value;

use super::check::Params;

/// The fields; `None` when it is no such form.
pub fn read(body: &[u8], boundary: &str) -> Option<Params> {
    let text = String::from_utf8(body.to_vec()).ok()?;
    let mark = format!("--{boundary}");
    let (mut fields, mut files) = (Params::new(), Params::new());
    let mut parts = text.split(mark.as_str()).skip(1);
    loop {
        let part = parts.next()?;
        if part.starts_with("--") {
            break;
        }
        let (head, content) = part.strip_prefix("\r\n")?.split_once("\r\n\r\n")?;
        let content = content.strip_suffix("\r\n")?;
        let name = quoted(head, " name=\"")?.to_owned();
        match quoted(head, "filename=\"") {
            Some(file) => files.insert(name, Value::String(format!("{file}\n{content}"))),
            None => fields.insert(name, Value::String(content.to_owned())),
        };
    }
    // `attach://NAME` stands for the file that comes as NAME.
    for value in fields.values_mut() {
        let attached = value
            .as_str()
            .and_then(|text| text.strip_prefix("attach://"));
        if let Some(file) = attached
            .map(str::to_owned)
            .and_then(|name| files.remove(&name))
        {
            *value = file;
        }
    }
    fields.extend(files);
    Some(fields)
}

fn quoted<'a>(head: &'a str, before: &str) -> Option<&'a str> {
    let (_, rest) = head.split_once(before)?;
    rest.split_once('"').map(|(value, _)| value)
}
