//! Questions about the bot's surroundings, for `tagwire doctor`: nothing is changed by them.
//! In: a method of the Bot API that only reads. Out: its whole answer, refusals too, and the server's clock.

use serde_json::Value;

use super::{Telegram, TelegramError};

/// What the API said.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// `{"ok": …}` as it came.
    pub answer: Value,
    /// The server's clock (`Date`, RFC 9110), in seconds since 1970.
    pub date: Option<i64>,
}

impl Inspection {
    /// What was asked for, unless the API refused.
    pub fn result(&self) -> Option<&Value> {
        (self.answer["ok"] == true).then(|| &self.answer["result"])
    }

    /// The API's words of refusal.
    pub fn refusal(&self) -> &str {
        self.answer["description"]
            .as_str()
            .unwrap_or("no reason given")
    }

    /// The code of a refusal, as HTTP has them.
    pub fn code(&self) -> i64 {
        self.answer["error_code"].as_i64().unwrap_or(0)
    }
}

impl Telegram {
    /// Asks by a method that only reads (`getMe`, `getChat`, `getWebhookInfo`, …).
    ///
    /// # Errors
    /// The API is not reached, or what answers there is no Bot API. The token is in no text.
    pub async fn inspect(
        &self,
        method: &str,
        parameters: &Value,
    ) -> Result<Inspection, TelegramError> {
        let unreachable = |error: reqwest::Error| {
            let mut words = error.without_url().to_string();
            if error_is_slow(&words) {
                words = "no answer in time".into();
            }
            TelegramError::Unreachable(self.scrub(&words))
        };
        let base = self.sends.api_url();
        let url = format!(
            "{}/bot{}/{method}",
            base.as_str().trim_end_matches('/'),
            self.token.reveal()
        );
        let request = self.sends.client().post(url).json(parameters);
        let response = request.send().await.map_err(unreachable)?;
        let date = response.headers().get("date");
        let date = date.and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
        let date = date.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let answer: Value = response.json().await.map_err(unreachable)?;
        Ok(Inspection {
            answer,
            date: date.and_then(|since| i64::try_from(since.as_secs()).ok()),
        })
    }
}

fn error_is_slow(words: &str) -> bool {
    words.contains("timed out")
}
