//! What kramdown would take out before Markdown: attribute lists.
//! In: a body as written, after Liquid. Out: a body that CommonMark can read.
//! Code keeps its braces.

use std::borrow::Cow;

/// Leaves kramdown's attribute lists out: `{: .note}` on a line, `[a](b){:target="_blank"}`.
/// Code keeps its braces.
pub(super) fn attribute_lists(text: &str) -> Cow<'_, str> {
    if !text.contains("{:") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut fence: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        match fence {
            Some(mark) if trimmed.starts_with(mark) => fence = None,
            Some(_) => {}
            None => {
                fence = ["```", "~~~"]
                    .into_iter()
                    .find(|mark| trimmed.starts_with(*mark));
            }
        }
        let indented = line.starts_with("    ") || line.starts_with('\t');
        if fence.is_some() || !line.contains("{:") || (indented && !trimmed.starts_with("{:")) {
            out.push_str(line);
        } else if trimmed.starts_with("{:") && trimmed.ends_with('}') {
            out.push('\n');
        } else {
            inline_lists(line, &mut out);
        }
    }
    Cow::Owned(out)
}

fn inline_lists(line: &str, out: &mut String) {
    let mut from = 0;
    let mut search = 0;
    while let Some(at) = line[search..].find("{:").map(|at| at + search) {
        search = at + 2;
        let after_span = line[..at].ends_with([')', ']', '*', '_', '`', '>', '~']);
        let in_code = line[..at].bytes().filter(|b| *b == b'`').count() % 2 == 1;
        let close = line[at..].find('}').map(|close| at + close + 1);
        if let Some(close) = close.filter(|_| after_span && !in_code) {
            out.push_str(&line[from..at]);
            from = close;
            search = close;
        }
    }
    out.push_str(&line[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_lists_go_and_code_stays() {
        assert_eq!(attribute_lists("a\n{: .note}\nb"), "a\n\nb");
        assert_eq!(attribute_lists("[a](b){:target=\"_blank\"} c"), "[a](b) c");
        for code in [
            "```\n[a](b){:x}\n```\n",
            "    f){:a => 1}\n",
            "`f(){:a => 1}`\n",
            "x {:y}\n",
        ] {
            assert_eq!(attribute_lists(code), code);
        }
    }
}
