//! Label names as file names, and back.
//! In: any name at all. Out: one path component that every file system can hold, different for
//! different names, stable (it depends on the name alone), and readable where possible.

use sha2::{Digest, Sha256};
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::is_nfc;

use super::text::push_escaped;

/// Longest escaped name, in bytes. File systems take 255; a template and `.json` need room.
const LONGEST: usize = 200;
/// How much of a longer name stays readable before the hash, in bytes.
const KEPT_OF_LONG: usize = 120;
/// What follows can be no `%XX`, so marked names never meet escaped ones.
const MARK: &str = "%~";

/// The file name of label `name`, without extension. `%XX` stands for bytes that some file system
/// or web server mistreats. A name over 200 bytes keeps its beginning and gets a hash.
pub fn file_name(name: &str, ignore_case: bool) -> String {
    if name.is_empty() {
        return MARK.to_owned();
    }
    match is_ordinary(name, ignore_case) {
        true => name.to_owned(),
        false => spelled(name, ignore_case),
    }
}

fn spelled(name: &str, ignore_case: bool) -> String {
    // macOS takes the composed and the decomposed spelling for one name. Composed is what people
    // type, so that one stays readable. A leading mark would combine with the template's text.
    let ascii_only = !is_nfc(name) || name.starts_with(is_combining_mark);
    let reserved = is_reserved_by_windows(name);
    let last = name.chars().count() - 1;
    let mut out = String::with_capacity(name.len());
    // Where the cut may fall: after a whole character, escaped or not.
    let mut cut = 0;
    let mut escaped = false;
    for (at, c) in name.chars().enumerate() {
        let edge = (at == 0 && (c == '.' || reserved)) || (at == last && (c == '.' || c == ' '));
        let folds = ignore_case && changes_with_case(c);
        // Beside an escape a mark would combine with its last digit.
        let dangling = escaped && is_combining_mark(c);
        escaped = edge || folds || dangling || (ascii_only && !c.is_ascii()) || is_unsafe(c);
        if escaped {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                push_escaped(&mut out, byte);
            }
        } else {
            out.push(c);
        }
        if out.len() <= KEPT_OF_LONG {
            cut = out.len();
        }
    }
    if out.len() > LONGEST {
        out.truncate(cut);
        out.push_str(MARK);
        for byte in &Sha256::digest(name.as_bytes())[..16] {
            out.push_str(&format!("{byte:02x}"));
        }
    }
    out
}

/// Nearly all names, by a look at their characters alone: Chinese, digits and ASCII letters, which are their own file
/// names unless something here says otherwise.
fn is_ordinary(name: &str, ignore_case: bool) -> bool {
    let is_plain = |c: char| {
        c.is_ascii_digit()
            || c.is_ascii_lowercase()
            || (c.is_ascii_uppercase() && !ignore_case)
            || ('\u{4E00}'..='\u{9FFF}').contains(&c)
    };
    // Devices of Windows that are plain have names of so few characters.
    let may_be_reserved = name.len() <= 4 && name.is_ascii();
    !may_be_reserved && name.len() <= LONGEST && name.chars().all(is_plain)
}

/// Characters that cannot stand in a file name on some system, or that nobody can see.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '%' | '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        // Soft hyphen, zero width, line separators, direction marks, byte order mark,
        // noncharacters: old macOS ignores some when it compares names.
        || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180F}')
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFF}')
        || matches!(c, '\u{E0000}'..='\u{E0FFF}')
}

/// True when any case mapping moves `c` away from itself: what is left cannot collide.
fn changes_with_case(c: char) -> bool {
    let folded = c.to_uppercase().flat_map(char::to_lowercase);
    !c.to_lowercase().eq([c]) || !folded.eq([c])
}

/// `con`, `nul.txt` and the like open devices on Windows.
fn is_reserved_by_windows(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let stem = stem.to_lowercase();
    if matches!(
        stem.as_str(),
        "con" | "prn" | "aux" | "nul" | "conin$" | "conout$"
    ) {
        return true;
    }
    let port = stem
        .strip_prefix("com")
        .or_else(|| stem.strip_prefix("lpt"));
    port.is_some_and(|n| {
        matches!(
            n,
            "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
        )
    })
}

/// The name that made `file`; `None` for a cut name (the feed itself tells the whole one).
#[cfg(test)]
pub fn name_of(file: &str) -> Option<String> {
    if file == MARK {
        return Some(String::new());
    }
    if file.contains(MARK) {
        return None;
    }
    let decoded = percent_encoding::percent_decode_str(file).decode_utf8();
    decoded.ok().map(|name| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "大众日报新闻",
            "emnews",
            "21caijingAPP",
            "C#",
            "a b",
            "5G",
            "🚀",
            "a.b",
            "C++",
        ] {
            assert_eq!(file_name(name, false), name);
        }
    }

    #[test]
    fn awkward_names_are_escaped() {
        let cases = [
            ("", "%~"),
            (".", "%2E"),
            ("..", "%2E%2E"),
            ("a/b", "a%2Fb"),
            ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
            ("con", "%63on"),
            ("NUL.txt", "%4EUL.txt"),
            ("a\0b", "a%00b"),
            ("100%", "100%25"),
            ("a. ", "a.%20"),
            ("e\u{301}", "e%CC%81"),
            ("\u{301}e", "%CC%81e"),
            (".\u{301}", "%2E%CC%81"),
        ];
        for (name, file) in cases {
            assert_eq!(file_name(name, false), file, "{name:?}");
            assert_eq!(name_of(file).as_deref(), Some(name));
        }
        assert_eq!(file_name("Go", true), "%47o");
        assert_eq!(file_name("ＡＢ", true), "%EF%BC%A1%EF%BC%A2");
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let long = "新".repeat(100);
        let file = file_name(&long, false);
        assert!(file.starts_with(&"新".repeat(40)) && file.len() <= LONGEST);
        assert_ne!(file, file_name(&format!("{long}闻"), false));
    }

    /// What the least distinguishing file system compares.
    fn folded(file: &str) -> String {
        let upper: String = file.nfd().flat_map(char::to_uppercase).collect();
        upper.chars().flat_map(char::to_lowercase).nfd().collect()
    }

    fn awkward() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("a".to_owned()),
            Just("A".to_owned()),
            Just("ａ".to_owned()),
            Just("Ａ".to_owned()),
            Just("é".to_owned()),
            Just("e\u{301}".to_owned()),
            Just("É".to_owned()),
            Just("\u{301}".to_owned()),
            Just("ß".to_owned()),
            Just("SS".to_owned()),
            Just("ſ".to_owned()),
            Just("s".to_owned()),
            Just("K".to_owned()),
            Just("k".to_owned()),
            Just("%".to_owned()),
            Just("41".to_owned()),
            Just("/".to_owned()),
            Just(".".to_owned()),
            Just("~".to_owned()),
            Just("İ".to_owned()),
            Just("i".to_owned()),
            Just("ı".to_owned()),
            Just(" ".to_owned()),
            Just("con".to_owned()),
            Just("中".to_owned()),
            any::<String>(),
        ];
        proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn an_ordinary_name_is_what_would_be_spelled(name in "[a-zA-Z0-9\u{4DFF}-\u{4E02}\u{9FFE}-\u{A001}市]{1,5}|(con|COM1|lpt9|nul)[0a]?", ignore_case in any::<bool>()) {
            prop_assert_eq!(file_name(&name, ignore_case), spelled(&name, ignore_case));
            // And about the longest.
            let long = format!("{}{name}", "新".repeat(65));
            prop_assert_eq!(file_name(&long, ignore_case), spelled(&long, ignore_case));
        }
    }

    proptest! {
        #[test]
        fn a_name_is_one_safe_component_and_reads_back(name in awkward(), ignore_case: bool) {
            let file = file_name(&name, ignore_case);
            prop_assert!(!file.is_empty() && file.len() <= LONGEST);
            prop_assert!(!file.starts_with('.') && !file.ends_with('.') && !file.ends_with(' '));
            prop_assert!(!file.contains(['/', '\\', '\0']));
            prop_assert!(!is_reserved_by_windows(&file));
            prop_assert!(is_nfc(&file));
            if let Some(back) = name_of(&file) {
                prop_assert_eq!(back, name);
            } else {
                prop_assert!(name.len() > LONGEST / 3);
            }
        }

        #[test]
        fn two_names_never_share_a_file(one in awkward(), two in awkward()) {
            prop_assume!(one != two);
            let nfd = |name: &str| file_name(name, false).nfd().collect::<String>();
            prop_assert_ne!(nfd(&one), nfd(&two));
            let (one, two) = (file_name(&one, true), file_name(&two, true));
            prop_assert_ne!(folded(&one), folded(&two));
        }
    }
}
