//! The Bot API: the token, the clock, who else takes the updates, and what the bot may do in each chat of the
//! config. In: the config, answers of methods that only read. Out: findings.

use serde_json::{Value, json};

use super::Finding;
use crate::app::Setup;
use crate::model::ChatId;
use crate::store::{InstanceLock, path_of};

/// Seconds that two clocks may differ.
const SKEW: i64 = 30;
/// Seconds that another program has to show that it polls too: it comes back within one or two.
const LISTEN: u64 = 4;

pub async fn look(setup: &Setup) -> Vec<Finding> {
    let telegram = match setup.telegram() {
        Ok(Some(telegram)) => telegram,
        Ok(None) => {
            let found =
                "no token: messages go to the terminal; set TAGWIRE_TELEGRAM_TOKEN to run the bot";
            return vec![Finding::passed("token", found)];
        }
        Err(error) => {
            return vec![Finding::wrong(
                "telegram",
                error.to_string(),
                "change telegram.api_url",
            )];
        }
    };
    let me = match telegram.inspect("getMe", &json!({})).await {
        Ok(me) => me,
        Err(error) => {
            let mend = "is the machine online, is a proxy in the way, is telegram.api_url right? Until then messages wait";
            return vec![Finding::wrong("network", error.to_string(), mend)];
        }
    };
    let mut findings = Vec::new();
    if let Some(date) = me.date {
        findings.push(clock(setup.clock.seconds() - date));
    }
    let Some(bot) = me.result() else {
        let mend = "@BotFather, /mybots, API Token shows the right one; put it into TAGWIRE_TELEGRAM_TOKEN";
        let found = format!("the token is not accepted: {}", me.refusal());
        findings.push(Finding::wrong("token", found, mend));
        return findings;
    };
    findings.push(Finding::fine(
        "token",
        format!("@{}", bot["username"].as_str().unwrap_or("?")),
    ));
    let ask = Ask {
        telegram: &telegram,
        setup,
    };
    findings.push(ask.updates().await);
    let id = bot["id"].as_i64().unwrap_or(0);
    match setup.config.channels() {
        Ok(channels) => {
            for (chat, _) in channels {
                findings.push(ask.rights(&chat, id).await);
            }
        }
        Err(error) => findings.push(Finding::wrong(
            "chat",
            error.to_string(),
            "change telegram.channels",
        )),
    }
    for admin in &setup.config.telegram.admins {
        findings.push(ask.admin(*admin).await);
    }
    findings
}

fn clock(ahead: i64) -> Finding {
    if ahead.abs() <= SKEW {
        return Finding::fine("clock", "agrees with Telegram's");
    }
    let word = if ahead > 0 { "ahead of" } else { "behind" };
    Finding::wrong(
        "clock",
        format!("{} s {word} Telegram's", ahead.abs()),
        "timedatectl set-ntp true, or start chrony: posts come out and messages expire by this clock",
    )
}

struct Ask<'a> {
    telegram: &'a crate::telegram::Telegram,
    setup: &'a Setup,
}

impl Ask<'_> {
    /// Only one program can take the updates of a bot.
    async fn updates(&self) -> Finding {
        let hook = match self.telegram.inspect("getWebhookInfo", &json!({})).await {
            Ok(info) => info.result().cloned().unwrap_or_default(),
            Err(error) => return Finding::passed("updates", error.to_string()),
        };
        let url = hook["url"].as_str().unwrap_or_default();
        let own = self.setup.config.telegram.webhook.as_ref();
        if own.is_some_and(|own| own.url == url) {
            return Finding::fine("updates", "Telegram posts them to telegram.webhook.url");
        }
        if !url.is_empty() {
            let host = url.split('/').nth(2).unwrap_or("?");
            return Finding::wrong(
                "updates",
                format!(
                    "a webhook is set to {host}: polling gets nothing, commands are not answered"
                ),
                "stop the program there, then call deleteWebhook (in a browser: API address, /bot, token, /deleteWebhook)",
            );
        }
        let running = path_of(&self.setup.config.store.url)
            .is_ok_and(|path| path.exists() && InstanceLock::take(&path).is_err());
        if running {
            return Finding::fine("updates", "the running tagwire takes them");
        }
        // Nothing is acknowledged by asking for the oldest.
        let question = json!({"offset": 0, "limit": 1, "timeout": LISTEN});
        match self.telegram.inspect("getUpdates", &question).await {
            Ok(answer) if answer.code() == 409 => Finding::wrong(
                "updates",
                format!("another program takes them: {}", answer.refusal()),
                "stop the other one; if it is nobody's you know, /revoke the token at @BotFather",
            ),
            Ok(answer) if answer.result().is_none() => {
                Finding::doubtful("updates", answer.refusal(), "try again")
            }
            Ok(_) => Finding::fine("updates", "nobody else takes them"),
            Err(error) => Finding::passed("updates", error.to_string()),
        }
    }

    /// What the bot may do in a chat of the config.
    async fn rights(&self, chat: &ChatId, bot: i64) -> Finding {
        let place = match chat {
            ChatId::Id(id) => json!(id),
            ChatId::Name(name) => json!(name),
        };
        let known = self
            .telegram
            .inspect("getChat", &json!({"chat_id": place}))
            .await;
        let known = match known {
            Ok(answer) => answer,
            Err(error) => return Finding::passed("chat", format!("{chat}: {error}")),
        };
        let Some(about) = known.result() else {
            return Finding::wrong(
                "chat",
                format!("{chat}: {}", known.refusal()),
                "add the bot to the chat (a person presses Start), or correct telegram.channels",
            );
        };
        let (kind, title) = (about["type"].as_str().unwrap_or("?"), name_of(about));
        if kind == "private" {
            return Finding::fine("chat", format!("{chat} ({title})"));
        }
        let question = json!({"chat_id": place, "user_id": bot});
        match self.telegram.inspect("getChatMember", &question).await {
            Ok(answer) => match answer.result() {
                Some(member) => rights(chat, kind, title, member),
                None => Finding::wrong(
                    "chat",
                    format!("{chat} ({title}): {}", answer.refusal()),
                    "make the bot an administrator there",
                ),
            },
            Err(error) => Finding::passed("chat", format!("{chat} ({title}): {error}")),
        }
    }

    /// An admin who never wrote to the bot cannot be asked about held posts.
    async fn admin(&self, id: i64) -> Finding {
        match self
            .telegram
            .inspect("getChat", &json!({"chat_id": id}))
            .await
        {
            Ok(answer) => match answer.result() {
                Some(about) => Finding::fine("admin", format!("{id} ({})", name_of(about))),
                None => Finding::doubtful(
                    "admin",
                    format!("{id}: {}", answer.refusal()),
                    "this admin opens the bot and presses Start, or telegram.admins is corrected",
                ),
            },
            Err(error) => Finding::passed("admin", format!("{id}: {error}")),
        }
    }
}

fn name_of(chat: &Value) -> &str {
    let title = chat["title"].as_str().or(chat["first_name"].as_str());
    title.unwrap_or_default()
}

fn rights(chat: &ChatId, kind: &str, title: &str, member: &Value) -> Finding {
    let status = member["status"].as_str().unwrap_or("?");
    let may = |right: &str| member[right] == true;
    let allowed = match (status, kind) {
        ("creator", _) => true,
        ("administrator", "channel") => may("can_post_messages"),
        ("administrator" | "member", "group" | "supergroup") => true,
        ("restricted", _) => may("can_send_messages"),
        _ => false,
    };
    let found = format!("{chat} ({title}): {status} of this {kind}");
    if !allowed {
        let mend = match kind {
            "channel" => {
                "make the bot an administrator of the channel with the right to post messages"
            }
            _ => "add the bot to the group and let it write there",
        };
        return Finding::wrong("chat", format!("{found}, may not write"), mend);
    }
    Finding::fine("chat", format!("{found}, may write"))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_clock_that_differs_is_named_with_its_direction_and_a_mend() {
        assert_eq!(clock(SKEW).state, State::Fine);
        assert_eq!(clock(-SKEW).state, State::Fine);
        for (ahead, words) in [(7_200, "7200 s ahead of"), (-7_200, "7200 s behind")] {
            let finding = clock(ahead);
            assert_eq!(finding.state, State::Wrong);
            assert!(finding.found.contains(words), "{}", finding.found);
            assert!(finding.mend.is_some_and(|mend| mend.contains("set-ntp")));
        }
    }
}
