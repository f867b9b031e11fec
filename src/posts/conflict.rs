//! A file that version control could not merge: both versions are in it, and nobody meant that.
//! In: a file's text. Out: the line where the first two versions begin, unless the text only shows what that looks like.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::markdown::Fence;

/// What stands between two versions, and in hardly any other text.
static BETWEEN: LazyLock<Finder> = LazyLock::new(|| Finder::new("\n======="));

/// How far two versions were followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    /// The first version, which begins in this line.
    First(u32),
    Second(u32),
}

/// The line in which two versions begin, as git marks them (git-merge(1), "How conflicts are presented"), outside blocks of
/// code.
pub(super) fn find(text: &str) -> Option<u32> {
    BETWEEN.find(text.as_bytes())?;
    let mut seen = Seen::Nothing;
    let mut code: Option<Code> = None;
    for (line, number) in text.lines().zip(1..) {
        let start = line.trim_start();
        if let Some(open) = &code {
            if open.ends(start) {
                code = None;
            }
            continue;
        }
        code = Code::of(start);
        seen = match seen {
            _ if is_mark(line, "<<<<<<<") => Seen::First(number),
            Seen::First(began) if line.trim_end() == "=======" => Seen::Second(began),
            Seen::Second(began) if is_mark(line, ">>>>>>>") => return Some(began),
            seen => seen,
        };
    }
    None
}

/// A mark alone, or with the name of a version behind it.
fn is_mark(line: &str, mark: &str) -> bool {
    let after = line.strip_prefix(mark);
    after.is_some_and(|after| after.is_empty() || after.starts_with(' '))
}

/// A block of code that is open.
enum Code {
    Fenced(Fence),
    /// `{% highlight %}`
    Highlight,
}

impl Code {
    fn of(start: &str) -> Option<Code> {
        if tag_of(start).is_some_and(|tag| tag.starts_with("highlight")) {
            return Some(Code::Highlight);
        }
        Fence::of(start).map(Code::Fenced)
    }

    fn ends(&self, start: &str) -> bool {
        match self {
            Code::Highlight => tag_of(start).is_some_and(|tag| tag.starts_with("endhighlight")),
            Code::Fenced(fence) => fence.ends_in(start),
        }
    }
}

/// What a line's tag of Liquid begins with.
fn tag_of(start: &str) -> Option<&str> {
    let tag = start.strip_prefix("{%")?;
    Some(tag.trim_start_matches(['-', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFLICT: &str = "<<<<<<< HEAD\n甲\n=======\n乙\n>>>>>>> main\n";

    #[test]
    fn two_versions_are_found_wherever_they_are() {
        assert_eq!(find(CONFLICT), Some(1));
        assert_eq!(find(&format!("---\n{CONFLICT}---\n")), Some(2));
        assert_eq!(
            find(&format!("---\ntitle: x\n---\n正文\n\n{CONFLICT}")),
            Some(6)
        );
        let three = "a\n<<<<<<< HEAD\n甲\n||||||| 1a2b3c4\n丙\n=======\n乙\n>>>>>>> main\n";
        assert_eq!(find(three), Some(2));
        let after_code = format!("```\n{CONFLICT}```\n{CONFLICT}");
        assert_eq!(find(&after_code), Some(8));
        let highlighted =
            format!("{{%- highlight bash -%}}\nx\n{{%- endhighlight -%}}\n{CONFLICT}");
        assert_eq!(find(&highlighted), Some(4));
    }

    #[test]
    fn texts_that_show_them_or_have_a_line_like_them_are_none() {
        for text in [
            format!("```diff\n{CONFLICT}```\n"),
            format!("~~~\n{CONFLICT}~~~\n"),
            format!("````\n```\n{CONFLICT}```\n````\n"),
            format!("```x``` is code\n\n```\n{CONFLICT}```\n"),
            format!("{{% highlight bash %}}\n{CONFLICT}{{% endhighlight %}}\n"),
            format!("    {}", CONFLICT.replace('\n', "\n    ")),
            "标题\n=======\n正文\n".to_owned(),
            "标题\n=======\n> 引\n>>>>>>> 深\n".to_owned(),
            "<<<<<<< HEAD\n标题\n=======\n".to_owned(),
            "<<<<<<<<< HEAD\n甲\n=======\n乙\n>>>>>>> main\n".to_owned(),
            "<<<<<<< HEAD\n甲\n========\n乙\n>>>>>>> main\n".to_owned(),
            "<<<<<<< HEAD\n甲\n=======\n乙\n>>>>>>>main\n".to_owned(),
        ] {
            assert_eq!(find(&text), None, "{text}");
        }
    }
}
