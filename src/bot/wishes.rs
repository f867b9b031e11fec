//! Changes of a chat's settings, as buttons and commands write them; pure.
//! In: `silent=1`, `digest=8,18`, `zone=Europe/Berlin`. Out: the settings changed, or not understood.
//! A change says what shall be and not what to turn over, so that it may be repeated without harm.

use unicode_normalization::UnicodeNormalization;

use super::replies::Words;
use crate::model::{Length, Preferences, Quiet, Rhythm, Zone};

/// Makes one change; `None` when it cannot be understood, and nothing is changed then.
pub fn change(wishes: &mut Preferences, language: &mut Words, text: &str) -> Option<()> {
    let (key, value) = text.split_once('=')?;
    // As input methods for Chinese write it: `８，１８`, `22：00～7：30`.
    let value: String = value.nfkc().collect();
    let value = value.trim();
    match key {
        "silent" => wishes.silent = flag(value)?,
        "preview" => wishes.preview = flag(value)?,
        "pause" => wishes.paused_until = flag(value)?.then_some(i64::MAX),
        "length" => {
            wishes.length = match value {
                "short" => Length::Short,
                "normal" => Length::Normal,
                _ => return None,
            }
        }
        "lang" => {
            *language = match value {
                "zh" => Words::Zh,
                "en" => Words::En,
                _ => return None,
            }
        }
        "digest" => wishes.rhythm = plain(value).parse::<Rhythm>().ok()?,
        "quiet" => {
            wishes.quiet = match plain(value) {
                off if off.eq_ignore_ascii_case("off") => None,
                hours => Some(hours.parse::<Quiet>().ok()?),
            }
        }
        "zone" => {
            wishes.zone = match plain(value) {
                "off" => None,
                name => Some(name.parse::<Zone>().ok()?),
            }
        }
        _ => return None,
    }
    Some(())
}

fn flag(value: &str) -> Option<bool> {
    match value {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    }
}

/// Chinese words for what the model writes in English.
fn plain(value: &str) -> &str {
    match value {
        "关" | "关闭" | "即时" | "无" | "网站" => "off",
        "每小时" => "hourly",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::zone::zone;
    use proptest::prelude::*;

    fn after(texts: &[&str]) -> (Preferences, Words) {
        let (mut wishes, mut language) = (Preferences::default(), Words::Zh);
        for text in texts {
            assert!(change(&mut wishes, &mut language, text).is_some(), "{text}");
        }
        (wishes, language)
    }

    #[test]
    fn each_change_is_made_and_taken_back() {
        let all = [
            "silent=1",
            "preview=1",
            "pause=1",
            "length=short",
            "lang=en",
            "digest=8,18",
            "quiet=22:00-07:30",
            "zone=Europe/Berlin",
        ];
        let (wishes, language) = after(&all);
        assert!(wishes.silent && wishes.preview && wishes.length == Length::Short);
        assert_eq!(wishes.paused_until, Some(i64::MAX));
        assert_eq!(wishes.rhythm, Rhythm::Daily(vec![8, 18]));
        assert_eq!(wishes.zone, Some(zone("Europe/Berlin")));
        assert_eq!(
            wishes.quiet,
            Some(Quiet {
                from: 1_320,
                to: 450
            })
        );
        assert_eq!(language, Words::En);
        let back = [
            "silent=0",
            "preview=0",
            "pause=0",
            "length=normal",
            "lang=zh",
            "digest=即时",
            "quiet=关",
            "zone=网站",
        ];
        let both: Vec<&str> = all.into_iter().chain(back).collect();
        assert_eq!(after(&both), (Preferences::default(), Words::Zh));
    }

    #[test]
    fn what_is_not_understood_changes_nothing() {
        for text in [
            "",
            "silent",
            "silent=2",
            "digest=25",
            "digest=",
            "quiet=22",
            "quiet=9-9",
            "zone=Mars/Base",
            "lang=fr",
            "length=",
            "x=1",
        ] {
            let (mut wishes, mut language) = (Preferences::default(), Words::Zh);
            assert_eq!(change(&mut wishes, &mut language, text), None, "{text}");
            assert_eq!(wishes, Preferences::default());
        }
    }

    proptest! {
        #[test]
        fn anything_is_answered(text in any::<String>(), value in any::<String>()) {
            let (mut wishes, mut language) = (Preferences::default(), Words::Zh);
            change(&mut wishes, &mut language, &text);
            for key in ["digest", "quiet", "zone"] {
                change(&mut wishes, &mut language, &format!("{key}={value}"));
            }
        }
    }
}
