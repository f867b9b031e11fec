//! Regular expressions in rules: linear in time, capped in size, folded like words.
//! In: a pattern as its author wrote it. Out: the compiled pattern, or what is wrong with it.
//! Patterns look at folded text, so theirs is folded too: all but ASCII, where `\S` is not `\s`.

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::fold::fold;

/// In characters.
const MAX_CHARS: usize = 500;
/// Bytes of one compiled pattern; `\p{Han}{1,20}` takes a third of it.
const MAX_COMPILED: usize = 1 << 20;
/// Groups in groups.
const MAX_DEPTH: u32 = 20;

/// Compiles one pattern. The error is what was found and how to mend it.
pub(super) fn compile(pattern: &str) -> Result<Regex, (String, String)> {
    if pattern.chars().count() > MAX_CHARS {
        let message = format!("a pattern of more than {MAX_CHARS} characters");
        return Err((message, "split it into several".to_owned()));
    }
    let built = RegexBuilder::new(&folded(pattern))
        .case_insensitive(true)
        .size_limit(MAX_COMPILED)
        .nest_limit(MAX_DEPTH)
        .build();
    match built {
        Ok(regex) if regex.is_match("") => Err((
            format!("the pattern `{pattern}` matches the empty text, so every article"),
            "write `+` for `*`, and no `?` around all of it".to_owned(),
        )),
        Ok(regex) => Ok(regex),
        Err(regex::Error::CompiledTooBig(_)) => Err((
            format!("the pattern `{pattern}` is too large when compiled"),
            "make its repetitions smaller, as in `.{0,20}`".to_owned(),
        )),
        Err(error) => Err((
            format!("the pattern `{pattern}` cannot be read: {}", short(&error)),
            "see https://docs.rs/regex/latest/regex/#syntax (no look-around, no back-references)"
                .to_owned(),
        )),
    }
}

/// Many patterns at once: says which of them occur at all. Patterns that `compile` took.
pub(super) fn set(patterns: &[&str]) -> Result<RegexSet, String> {
    let folded: Vec<String> = patterns.iter().map(|pattern| folded(pattern)).collect();
    RegexSetBuilder::new(folded)
        .case_insensitive(true)
        .size_limit(MAX_COMPILED * patterns.len().max(1))
        .nest_limit(MAX_DEPTH)
        .build()
        .map_err(|error| format!("the patterns of all topics are too large: {error}"))
}

/// Characters outside ASCII as folding leaves them. What turns into ASCII there, as `（` does, is
/// meant as itself and never as syntax; and an end of a range, as in `[一-龥]`, is a place in the order of characters.
fn folded(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let chars: Vec<char> = pattern.chars().collect();
    let (mut classes, mut is_escaped) = (0_u32, false);
    for (at, c) in chars.iter().copied().enumerate() {
        match c {
            '[' if !is_escaped => classes += 1,
            ']' if !is_escaped => classes = classes.saturating_sub(1),
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
        let folded = fold(c.encode_utf8(&mut [0; 4]));
        let is_end = classes > 0 && ends_a_range(&chars, at) && !folded.is_ascii();
        if c.is_ascii() || is_end {
            text.push(c);
            continue;
        }
        for c in folded.chars() {
            if c.is_ascii_punctuation() {
                text.push('\\');
            }
            text.push(c);
        }
    }
    text
}

/// Within a class: `a-z`, but neither `[a-]`, `[-a]`, `[^-a]` nor the difference `a--b`.
fn ends_a_range(chars: &[char], at: usize) -> bool {
    let is_one = |dash: Option<usize>, beyond: Option<usize>| {
        let get = |at: Option<usize>| at.and_then(|at| chars.get(at)).copied();
        get(dash) == Some('-') && get(beyond).is_some_and(|c| !matches!(c, '[' | ']' | '^' | '-'))
    };
    is_one(at.checked_add(1), at.checked_add(2)) || is_one(at.checked_sub(1), at.checked_sub(2))
}

/// The last line of the crate's report is what it found; the lines before draw the pattern.
fn short(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(pattern: &str, text: &str) -> bool {
        compile(pattern).unwrap().is_match(&fold(text))
    }

    #[test]
    fn patterns_see_folded_text() {
        assert!(finds("第（一|二）批", "第(一|二)批"));
        assert!(finds("國家.{0,4}總局", "国家市场监管总局"));
        assert!(finds(r"\d+批次", "１２批次"));
        assert!(finds(r"FDA\S", "fda。"));
        assert!(!finds(r"^召回", "不召回"));
        for han in [
            "平台被[一-龥]{2}",
            "平台被[^a-z]{2}",
            r"平台被[\p{Han}-]{2}",
        ] {
            assert!(finds(han, "平台被立案"), "{han}");
        }
        assert!(finds("[總-]局", "总局") && finds("[Ａ-Ｚ]股", "A股"));
    }

    #[test]
    fn what_would_hurt_is_refused() {
        for (pattern, part) in [
            ("a*", "empty text"),
            ("(", "unclosed group"),
            (r"(?<!不)合格", "look-around"),
            (r"(\p{Han}{1,500}){1,500}", "too large"),
            (&"甲".repeat(501), "more than 500"),
            (&format!("{}甲{}", "(".repeat(60), ")".repeat(60)), "nest"),
        ] {
            let (message, _) = compile(pattern).unwrap_err();
            assert!(message.contains(part), "{pattern}: {message}");
        }
    }
}
