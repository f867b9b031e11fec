//! What the bot says of settings, in Chinese and English.
//! In: a chat's settings. Out: a page with a button for each change. The rest of the words is in `replies`.

use super::replies::Words;
use crate::model::{Length, Preferences, Rhythm, Zone};
use crate::telegram::{Button, Message, Span};

/// Zones that have a button; any other is written: `/settings Asia/Dubai`.
const ZONES: [&str; 7] = [
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
];

/// What a page of settings shows.
#[derive(Debug, Clone)]
pub struct Shown {
    /// When messages come and how they look.
    pub wishes: Preferences,
    /// The language of the chat.
    pub language: Words,
    /// The zone of chats without their own.
    pub site: Zone,
}

/// All settings, a button for each change.
pub fn page(words: Words, shown: &Shown) -> Message {
    let mut message = Message::default();
    message.push_as(words.pick("⚙️ 设置", "⚙️ Settings"), &[Span::Bold]);
    for (name, value) in lines(words, shown) {
        message.push(&format!("\n{name}{}{value}", words.pick("：", ": ")));
    }
    message.push(words.pick(
        "\n\n/digest 8,18 — 每天 8 点和 18 点合并推送；/digest 每小时；/digest 即时\n/quiet 22:00-7:30 — 免打扰；/quiet 关\n/settings Asia/Dubai — 其他时区",
        "\n\n/digest 8,18 — digests at 8 and 18; /digest hourly; /digest off\n/quiet 22:00-7:30 — no messages then; /quiet off\n/settings Asia/Dubai — another time zone",
    ));
    message.buttons = buttons(words, shown);
    message
}

fn lines(words: Words, shown: &Shown) -> Vec<(&'static str, String)> {
    let wishes = &shown.wishes;
    let yes = |is: bool| words.pick(["关", "开"], ["off", "on"])[usize::from(is)].to_owned();
    let rhythm = match (&wishes.rhythm, words) {
        (Rhythm::AtOnce, _) => words.pick("即时", "each post at once").to_owned(),
        (Rhythm::Hourly, _) => words.pick("每小时合并一次", "a digest an hour").to_owned(),
        (Rhythm::Daily(_), Words::Zh) => format!("每天合并推送（{} 点）", wishes.rhythm),
        (Rhythm::Daily(_), Words::En) => format!("digests at {} o’clock", wishes.rhythm),
    };
    let quiet = match wishes.quiet {
        Some(quiet) => quiet.to_string(),
        None => words.pick("无", "none").to_owned(),
    };
    let zone = match wishes.zone {
        Some(zone) => zone.name().to_owned(),
        None => format!(
            "{}{}",
            shown.site.name(),
            words.pick("（网站时区）", " (the site’s)")
        ),
    };
    let length = match wishes.length {
        Length::Normal => words.pick("标题和摘要", "title and summary"),
        Length::Short => words.pick("只有标题", "title only"),
    };
    let mut lines = vec![
        (words.pick("推送", "Delivery"), rhythm),
        (words.pick("免打扰", "Quiet hours"), quiet),
        (words.pick("时区", "Time zone"), zone),
        (words.pick("静音", "Silent"), yes(wishes.silent)),
        (words.pick("篇幅", "Length"), length.to_owned()),
        (words.pick("链接预览", "Link preview"), yes(wishes.preview)),
        (
            words.pick("语言", "Language"),
            shown.language.pick("中文", "English").to_owned(),
        ),
    ];
    if wishes.paused_until.is_some() {
        let paused = words.pick("已暂停，/resume 恢复", "paused; /resume ends it");
        lines.insert(0, ("⏸", paused.to_owned()));
    }
    lines
}

fn buttons(words: Words, shown: &Shown) -> Vec<Vec<Button>> {
    let wishes = &shown.wishes;
    let button =
        |zh: &str, en: &str, change: &str| Button::data(words.pick(zh, en), format!("p:{change}"));
    let either = |is: bool, on: Button, off: Button| if is { on } else { off };
    vec![
        vec![
            button("即时", "At once", "digest=off"),
            button("每小时", "Hourly", "digest=hourly"),
            button("每天 8、18 点", "At 8 and 18", "digest=8,18"),
        ],
        vec![
            either(
                wishes.quiet.is_some(),
                button("关闭免打扰", "No quiet hours", "quiet=off"),
                button("免打扰 22–7 点", "Quiet 22–7", "quiet=22:00-07:00"),
            ),
            either(
                wishes.silent,
                button("🔔 有声", "🔔 Sound", "silent=0"),
                button("🔕 静音", "🔕 Silent", "silent=1"),
            ),
        ],
        vec![
            either(
                wishes.length == Length::Short,
                button("显示摘要", "With summary", "length=normal"),
                button("只要标题", "Title only", "length=short"),
            ),
            either(
                wishes.preview,
                button("关闭预览", "No preview", "preview=0"),
                button("链接预览", "Link preview", "preview=1"),
            ),
        ],
        vec![
            either(
                shown.language == Words::En,
                Button::data("中文", "p:lang=zh"),
                Button::data("English", "p:lang=en"),
            ),
            button("时区…", "Time zone…", "zones"),
            either(
                wishes.paused_until.is_some(),
                button("▶️ 恢复", "▶️ Resume", "pause=0"),
                button("⏸ 暂停", "⏸ Pause", "pause=1"),
            ),
        ],
    ]
}

/// Zones to choose from.
pub fn zones(words: Words) -> Message {
    let mut message = Message::plain(words.pick(
        "选择时区，或发送 /settings 加上时区名，例如 /settings Asia/Dubai",
        "Choose a time zone, or send its name: /settings Asia/Dubai",
    ));
    let site = words.pick("网站时区", "The site’s");
    let mut choices = vec![Button::data(site, "p:zone=off")];
    let named = ZONES
        .iter()
        .map(|zone| Button::data(*zone, format!("p:zone={zone}")));
    choices.extend(named);
    message.buttons = choices.chunks(2).map(<[Button]>::to_vec).collect();
    let back = Button::data(words.pick("‹ 返回", "‹ Back"), "p:show");
    message.buttons.push(vec![back]);
    message
}

/// The word that answers a pressed button.
pub fn saved(words: Words) -> &'static str {
    words.pick("已保存", "Saved")
}

/// What a command should have looked like.
pub fn not_understood(words: Words, key: &str) -> &'static str {
    match key {
        "digest" => words.pick(
            "没看懂。例如：/digest 8,18（每天这些整点）、/digest 每小时、/digest 即时",
            "That is no hour. For example: /digest 8,18 or /digest hourly or /digest off",
        ),
        "quiet" => words.pick(
            "没看懂。例如：/quiet 22:00-7:30，或 /quiet 关",
            "Those are no hours. For example: /quiet 22:00-7:30, or /quiet off",
        ),
        _ => words.pick(
            "没有这个时区。例如：/settings Asia/Shanghai",
            "There is no such time zone. For example: /settings Asia/Shanghai",
        ),
    }
}
