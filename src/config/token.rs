//! The bot token: the one secret. In: the environment or a file. Out: a value that cannot be printed.

use std::fmt;
use std::path::Path;

use super::ConfigError;

/// A secret text. It has no `Display`, and `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The secret itself, for the one call that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// The environment variable that holds the bot token.
pub const TOKEN_VARIABLE: &str = "TAGWIRE_TELEGRAM_TOKEN";

/// The bot token from `TAGWIRE_TELEGRAM_TOKEN`, else from `telegram.token_file`; `None` without either.
///
/// # Errors
/// The file cannot be read, or what was found has not a token's shape. The text itself is never repeated.
pub fn token(file: Option<&Path>) -> Result<Option<Secret>, ConfigError> {
    let (text, from) = match (std::env::var(TOKEN_VARIABLE), file) {
        (Ok(text), _) if !text.trim().is_empty() => (text, TOKEN_VARIABLE.to_owned()),
        (_, Some(file)) => {
            let text = std::fs::read_to_string(file).map_err(|error| {
                ConfigError::key(
                    "telegram.token_file",
                    format!("cannot read {}: {error}", file.display()),
                )
            })?;
            (text, file.display().to_string())
        }
        _ => return Ok(None),
    };
    let text = text.trim();
    if !has_token_shape(text) {
        return Err(ConfigError::new(format!(
            "what {from} holds is no bot token: @BotFather gives one like 123456789:AA…, digits, a colon, letters"
        )));
    }
    Ok(Some(Secret::new(text)))
}

/// The environment variable that holds the webhook's secret.
pub const WEBHOOK_SECRET_VARIABLE: &str = "TAGWIRE_TELEGRAM_WEBHOOK_SECRET";

/// The webhook's secret from `TAGWIRE_TELEGRAM_WEBHOOK_SECRET`, else from `telegram.webhook.secret_file`;
/// `None` without either.
///
/// # Errors
/// The file cannot be read, or what was found is none (Bot API `setWebhook`; shorter than 16 is too easy to guess).
pub fn webhook_secret(file: Option<&Path>) -> Result<Option<Secret>, ConfigError> {
    let key = "telegram.webhook.secret_file";
    let text = match (std::env::var(WEBHOOK_SECRET_VARIABLE), file) {
        (Ok(text), _) if !text.trim().is_empty() => text,
        (_, Some(file)) => std::fs::read_to_string(file).map_err(|error| {
            ConfigError::key(key, format!("cannot read {}: {error}", file.display()))
        })?,
        _ => return Ok(None),
    };
    let text = text.trim();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(16..=256).contains(&text.len()) || !text.bytes().all(fits) {
        return Err(ConfigError::key(
            key,
            "the webhook's secret must be 16 to 256 letters, digits, _ or -",
        ));
    }
    Ok(Some(Secret::new(text)))
}

fn has_token_shape(text: &str) -> bool {
    text.split_once(':').is_some_and(|(bot, key)| {
        !bot.is_empty()
            && bot.bytes().all(|b| b.is_ascii_digit())
            && key.len() >= 30
            && key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::new("123456789:AAcanary");
        assert!(!format!("{secret:?}").contains("canary"));
    }

    #[test]
    fn only_texts_of_a_tokens_shape_pass() {
        assert!(has_token_shape(
            "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
        ));
        assert!(!has_token_shape("AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"));
        assert!(!has_token_shape("123:short"));
    }
}
