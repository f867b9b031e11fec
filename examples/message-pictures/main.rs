//! `cargo run --example message-pictures -- zh > messages.html`: the real messages as a page that looks like Telegram.
//! In: cards of our own, the language. Out: HTML made of text and entities as they go to Telegram, for people to
//! look at and for the pictures in docs/.

mod cards;

use quick_xml::escape::escape;
use tagwire::delivery::message::{Form, Zones, alert, digest, with_questions, withdrawn};
use tagwire::model::{InvalidZone, Zone};
use tagwire::telegram::{Entity, Message, Span};

const STYLE: &str = "
body{margin:0;background:#9bbd8a;font:15px/1.42 -apple-system,'Noto Sans CJK SC','Noto Sans SC','WenQuanYi Micro Hei','Noto Sans',sans-serif}
main{width:440px;padding:14px;display:flex;flex-direction:column;gap:12px}
.say{align-self:center;background:#0004;color:#fff;border-radius:12px;padding:2px 10px;font-size:13px}
.bubble{background:#fff;border-radius:14px;padding:8px 12px;white-space:pre-wrap;overflow-wrap:anywhere}
a{color:#2678b6;text-decoration:none}.tag{color:#2678b6}
.row{display:flex;gap:4px;margin-top:4px}.row b{flex:1;text-align:center;background:#0003;color:#fff;border-radius:8px;padding:6px;font-weight:500}";

fn main() {
    let language = match std::env::args().nth(1).as_deref() {
        Some("en") => "en",
        _ => "zh",
    };
    let mut page = String::new();
    for (name, message) in messages(language) {
        page.push_str(&format!(
            "<div class=say>{}</div><div><div class=bubble>{}</div>{}</div>",
            escape(name),
            html(&message),
            buttons(&message)
        ));
    }
    println!(
        "<!doctype html><meta charset=utf-8><title>tagwire</title><style>{STYLE}</style><main>{page}</main>"
    );
}

fn zone(name: &str) -> Zone {
    let zone = name.parse();
    zone.unwrap_or_else(|error: InvalidZone| panic!("{error}"))
}

/// Each sort of message, with its name in the language of the reader.
fn messages(language: &str) -> Vec<(&'static str, Message)> {
    let site = zone("Asia/Shanghai");
    let home = Zones::from(site);
    let abroad = Zones {
        chat: zone("Europe/Berlin"),
        site,
    };
    let alert =
        |card, zones: Zones| with_questions(alert(&card, language, zones, Form::Full), language);
    let built = [
        alert(cards::plain(), home),
        alert(cards::with_digest(), home),
        alert(cards::long_title(), home),
        alert(cards::formulas(), home),
        alert(cards::three_sources(), home),
        alert(cards::corrected(), abroad),
        withdrawn(&cards::plain(), language, Form::Full),
        with_questions(
            digest(&cards::thirty(), language, site, Form::Full),
            language,
        ),
    ];
    let names = match language {
        "en" => [
            "a post",
            "a post with its editor’s digest",
            "a title of 200 characters",
            "formulas and code",
            "one story from three sources",
            "corrected; the reader is in Berlin",
            "withdrawn",
            "a digest of 30",
        ],
        _ => [
            "一篇文章",
            "带编辑导语的文章",
            "二百字的标题",
            "公式与代码",
            "一篇报道，三家来源",
            "更正后；读者在柏林",
            "撤回",
            "三十篇合并推送",
        ],
    };
    names.into_iter().zip(built).collect()
}

/// Text and entities as HTML; offsets count UTF-16 units.
fn html(message: &Message) -> String {
    let mut at = 0;
    let mut out = String::new();
    for c in message.text.chars() {
        for entity in message.entities.iter().filter(|entity| entity.offset == at) {
            out.push_str(&open(entity));
        }
        out.push_str(&escape(c.to_string().as_str()));
        at += c.len_utf16();
        let ended = message.entities.iter().rev();
        for entity in ended.filter(|entity| entity.offset + entity.length == at) {
            out.push_str(close(entity));
        }
    }
    let lines = out.lines().map(|line| match line.starts_with('#') {
        true => format!("<span class=tag>{line}</span>"),
        false => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn open(entity: &Entity) -> String {
    match &entity.span {
        Span::Bold => "<b>".into(),
        Span::Italic => "<i>".into(),
        Span::Strike => "<s>".into(),
        Span::Code => "<code>".into(),
        Span::Link(url) => format!("<a href=\"{}\">", escape(url.as_str())),
    }
}

fn close(entity: &Entity) -> &'static str {
    match &entity.span {
        Span::Bold => "</b>",
        Span::Italic => "</i>",
        Span::Strike => "</s>",
        Span::Code => "</code>",
        Span::Link(_) => "</a>",
    }
}

fn buttons(message: &Message) -> String {
    let rows = message.buttons.iter().map(|row| {
        let texts = row
            .iter()
            .map(|button| format!("<b>{}</b>", escape(button.text.as_str())));
        format!("<div class=row>{}</div>", texts.collect::<String>())
    });
    rows.collect()
}
