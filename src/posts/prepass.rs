//! What Jekyll and kramdown would take out before Markdown: Liquid tags and attribute lists.
//! In: a body as written. Out: a body that CommonMark can read. Tags cannot be run here, so they
//! are left out; the text between `raw` tags and in `highlight` blocks stays.

use std::borrow::Cow;

/// Longer than any real tag: LaTeX may hold an opening `{%` that is never closed.
const LONGEST_TAG: usize = 1000;

/// Leaves Liquid out. The second value is the byte at which the first tag stood.
pub(super) fn liquid<'t>(text: &'t str, site_url: &str) -> (Cow<'t, str>, Option<usize>) {
    let mut out = String::new();
    let mut first = None;
    let mut from = 0;
    let mut search = 0;
    while let Some(at) = text[search..].find('{').map(|at| at + search) {
        search = at + 1;
        let Some(tag) = tag_at(text, at) else {
            continue;
        };
        first.get_or_insert(at);
        out.push_str(&text[from..at]);
        from = at + tag.length;
        if tag.output {
            from = output(&tag, site_url, &mut out, text, from);
        } else if let Some(closing) = closing_of(tag.name) {
            from = block(&tag, closing, &mut out, text, from);
        }
        search = from;
    }
    if first.is_none() {
        return (Cow::Borrowed(text), None);
    }
    out.push_str(&text[from..]);
    (Cow::Owned(out), first)
}

struct Tag<'t> {
    name: &'t str,
    inner: &'t str,
    length: usize,
    output: bool,
}

fn tag_at(text: &str, at: usize) -> Option<Tag<'_>> {
    let rest = &text[at..];
    let (output, end) = match rest.as_bytes().get(1)? {
        b'%' => (false, "%}"),
        b'{' => (true, "}}"),
        _ => return None,
    };
    let mut limit = rest.len().min(LONGEST_TAG);
    while !rest.is_char_boundary(limit) {
        limit -= 1;
    }
    let close = rest[2..limit.max(2)].find(end)? + 2;
    let inner = rest[2..close].trim_matches('-').trim();
    // An output that spans lines is a template of another language, in a code block.
    if output && rest[2..close].contains('\n') {
        return None;
    }
    let letters = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let name = &inner[..inner.find(letters).unwrap_or(inner.len())];
    let known = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let quoted = output && inner.starts_with(['"', '\'']);
    (known || quoted).then_some(Tag {
        name,
        inner,
        length: close + 2,
        output,
    })
}

fn output(tag: &Tag, site_url: &str, out: &mut String, text: &str, from: usize) -> usize {
    match tag.inner {
        "site.url" => out.push_str(site_url),
        // Our site address holds the base path already.
        "site.baseurl" if !out.ends_with(site_url) => {
            let path = site_url.split_once("://").map_or("", |(_, rest)| rest);
            out.push_str(path.find('/').map_or("", |slash| &path[slash..]));
        }
        _ => {
            // `{{ "/a.png" | relative_url }}`
            let mark = tag.inner.chars().next().filter(|c| matches!(c, '"' | '\''));
            if let Some(mark) = mark
                && let Some(end) = tag.inner[1..].find(mark)
            {
                let literal = &tag.inner[1..=end];
                if tag.inner.contains("_url") && literal.starts_with('/') {
                    out.push_str(site_url);
                }
                out.push_str(literal);
            }
        }
    }
    debug_assert!(from <= text.len());
    from
}

fn closing_of(name: &str) -> Option<&'static str> {
    match name {
        "raw" => Some("endraw"),
        "comment" => Some("endcomment"),
        "highlight" => Some("endhighlight"),
        _ => None,
    }
}

/// `raw` keeps its text, `highlight` becomes a code block, `comment` goes.
fn block(tag: &Tag, closing: &str, out: &mut String, text: &str, from: usize) -> usize {
    let Some((inner, after)) = closing_tag(text, from, closing) else {
        return from;
    };
    match tag.name {
        "raw" => out.push_str(inner),
        "highlight" => {
            let language = tag.inner.split_ascii_whitespace().nth(1).unwrap_or("");
            let fence = if inner.contains("```") {
                "~~~~~~"
            } else {
                "```"
            };
            out.push_str("\n\n");
            out.push_str(fence);
            out.push_str(language);
            out.push('\n');
            out.push_str(inner.trim_matches('\n'));
            out.push('\n');
            out.push_str(fence);
            out.push_str("\n\n");
        }
        _ => {}
    }
    after
}

fn closing_tag<'t>(text: &'t str, from: usize, name: &str) -> Option<(&'t str, usize)> {
    let mut search = from;
    while let Some(at) = text[search..].find("{%").map(|at| at + search) {
        let tag = tag_at(text, at);
        match tag {
            Some(tag) if tag.name == name => return Some((&text[from..at], at + tag.length)),
            _ => search = at + 2,
        }
    }
    None
}

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

    fn run(text: &str) -> String {
        liquid(text, "https://x.test/base").0.into_owned()
    }

    #[test]
    fn liquid_goes_and_raw_stays() {
        assert_eq!(run("a {% include x.html y=\"%\" %} b"), "a  b");
        assert_eq!(
            run("{% raw %}{{ x }} {% y %}{% endraw %}!"),
            "{{ x }} {% y %}!"
        );
        assert_eq!(
            run("a{%- comment -%} b {%- endcomment -%}c {{ page.x }}"),
            "ac "
        );
        assert_eq!(
            run("{{ site.url }}{{ site.baseurl }}/a"),
            "https://x.test/base/a"
        );
        assert_eq!(run("({{ site.baseurl }}/a)"), "(/base/a)");
        assert_eq!(
            run("({{ '/a' | relative_url }})"),
            "(https://x.test/base/a)"
        );
        assert_eq!(
            run("{% highlight c %}\nint x;\n{% endhighlight %}"),
            "\n\n```c\nint x;\n```\n\n"
        );
    }

    #[test]
    fn braces_that_are_no_liquid_stay() {
        for text in [
            "\\newcommand{%\n x}",
            "a {{{ b",
            "{{\n x\n}}",
            "{",
            "{%",
            "{{}}",
        ] {
            assert_eq!(liquid(text, "").0, text);
        }
        assert_eq!(liquid("ab{% x %}", "").1, Some(2));
    }

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
