//! A chat's settings as the store keeps them.
//! In: `Preferences`. Out: JSON, and the same back; keys that an older or newer version wrote are left out.
//! What cannot be read is the default, and is said: a chat must not fall silent over it.

use serde::{Deserialize, Serialize};

use crate::model::{Length, Preferences, Quiet, Rhythm, Zone};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Wire {
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Vec<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet: Option<[u16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_until: Option<i64>,
    silent: bool,
    short: bool,
    preview: bool,
}

/// As the store keeps them. Hourly is a list of no hours.
pub fn to_json(preferences: &Preferences) -> String {
    let wire = Wire {
        digest: match &preferences.rhythm {
            Rhythm::AtOnce => None,
            Rhythm::Hourly => Some(Vec::new()),
            Rhythm::Daily(hours) => Some(hours.clone()),
        },
        quiet: preferences.quiet.map(|quiet| [quiet.from, quiet.to]),
        zone: preferences.zone.map(|zone| zone.name().to_owned()),
        paused_until: preferences.paused_until,
        silent: preferences.silent,
        short: preferences.length == Length::Short,
        preview: preferences.preview,
    };
    serde_json::json!(wire).to_string()
}

/// Back from the store.
pub fn from_json(text: Option<&str>) -> Preferences {
    let Some(text) = text else {
        return Preferences::default();
    };
    let wire: Wire = match serde_json::from_str(text) {
        Ok(wire) => wire,
        Err(error) => {
            tracing::error!(%error, "a chat's settings cannot be read; it gets the usual ones");
            return Preferences::default();
        }
    };
    let minute = |minute: u16| minute % 1_440;
    Preferences {
        rhythm: match wire.digest {
            None => Rhythm::AtOnce,
            Some(hours) if hours.is_empty() => Rhythm::Hourly,
            Some(mut hours) => {
                hours.iter_mut().for_each(|hour| *hour %= 24);
                hours.sort_unstable();
                hours.dedup();
                Rhythm::Daily(hours)
            }
        },
        quiet: wire.quiet.map(|[from, to]| Quiet {
            from: minute(from),
            to: minute(to),
        }),
        zone: wire.zone.and_then(|name| name.parse::<Zone>().ok()),
        paused_until: wire.paused_until,
        silent: wire.silent,
        length: if wire.short {
            Length::Short
        } else {
            Length::Normal
        },
        preview: wire.preview,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::zone::zone;

    #[test]
    fn settings_come_back_as_they_were() {
        let all = Preferences {
            rhythm: Rhythm::Daily(vec![8, 18]),
            quiet: Some(Quiet {
                from: 1_320,
                to: 420,
            }),
            zone: Some(zone("Asia/Tokyo")),
            paused_until: Some(i64::MAX),
            silent: true,
            length: Length::Short,
            preview: true,
        };
        let hourly = Preferences {
            rhythm: Rhythm::Hourly,
            ..Preferences::default()
        };
        for preferences in [all, hourly, Preferences::default()] {
            assert_eq!(from_json(Some(&to_json(&preferences))), preferences);
        }
    }

    #[test]
    fn what_cannot_be_read_is_the_default() {
        for text in ["{", "[]", "{\"quiet\":1}"] {
            assert_eq!(from_json(Some(text)), Preferences::default());
        }
        assert_eq!(from_json(None), Preferences::default());
    }
}
