//! What the bot may ask about itself, chats and members, and the list of its commands.

use serde_json::{Value, json};

use super::check::Params;
use super::refusal::{Refusal, Reply};
use super::state::{BOT_ID, Chat, Kind, State, bot_json};

const MOST_COMMANDS: usize = 100;

pub fn call(state: &mut State, name: &str, params: &Params) -> Reply {
    match name {
        "getMe" => Ok(me()),
        "getChat" => find(state, params).map(chat_json),
        "getChatMember" => member(state, params),
        "getChatAdministrators" => administrators(state, params),
        "setMyCommands" => set_commands(state, params),
        "deleteMyCommands" => {
            let slot = slot(state, params)?;
            state.commands.remove(&slot);
            Ok(json!(true))
        }
        _ => Err(Refusal::violation(404, "Not Found")),
    }
}

fn me() -> Value {
    let mut me = bot_json();
    for (name, value) in [
        ("can_join_groups", true),
        ("can_read_all_group_messages", false),
        ("supports_inline_queries", false),
        ("can_connect_to_business", false),
        ("has_main_web_app", false),
    ] {
        me[name] = json!(value);
    }
    me
}

fn find<'a>(state: &'a State, params: &Params) -> Result<&'a Chat, Refusal> {
    let id = state.resolve(&params["chat_id"]);
    let chat = id.map(|id| &state.chats[&id]);
    let chat = chat.ok_or_else(|| Refusal::bad("chat not found"))?;
    if let Some(to) = chat.migrated_to {
        return Err(Refusal::migrated(to));
    }
    let place = chat.kind.word();
    match chat.members.get(&BOT_ID).map_or("left", String::as_str) {
        "kicked" => Err(Refusal::forbidden(&format!(
            "bot was kicked from the {place} chat"
        ))),
        "left" if chat.username.is_none() => Err(Refusal::forbidden(&format!(
            "bot is not a member of the {place} chat"
        ))),
        _ => Ok(chat),
    }
}

fn chat_json(chat: &Chat) -> Value {
    let mut full = chat.json();
    full["accent_color_id"] = json!(0);
    full["max_reaction_count"] = json!(11);
    full["accepted_gift_types"] = json!({
        "unlimited_gifts": false,
        "limited_gifts": false,
        "unique_gifts": false,
        "premium_subscription": false,
        "gifts_from_channels": false,
    });
    full
}

fn member(state: &State, params: &Params) -> Reply {
    let chat = find(state, params)?;
    let user = params["user_id"].as_i64().unwrap_or(0);
    let bot_is_admin = chat
        .members
        .get(&BOT_ID)
        .is_some_and(|status| ["administrator", MUTE_ADMINISTRATOR].contains(&status.as_str()));
    if chat.kind == Kind::Channel && !bot_is_admin {
        return Err(Refusal::bad("member list is inaccessible"));
    }
    if user != BOT_ID && !state.users.contains_key(&user) {
        return Err(Refusal::bad("user not found"));
    }
    let status = match chat.kind {
        Kind::Private if user == chat.id => "member",
        _ => chat.members.get(&user).map_or("left", String::as_str),
    };
    Ok(member_json(state, user, status))
}

fn administrators(state: &State, params: &Params) -> Reply {
    let chat = find(state, params)?;
    if chat.kind == Kind::Private {
        return Err(Refusal::bad(
            "there are no administrators in the private chat",
        ));
    }
    let bot_is_admin = chat
        .members
        .get(&BOT_ID)
        .is_some_and(|status| ["administrator", MUTE_ADMINISTRATOR].contains(&status.as_str()));
    if chat.kind == Kind::Channel && !bot_is_admin {
        return Err(Refusal::bad("member list is inaccessible"));
    }
    let leads = |status: &str| matches!(status, "creator" | "administrator" | MUTE_ADMINISTRATOR);
    let found = chat
        .members
        .iter()
        .filter(|(user, status)| **user != BOT_ID && leads(status));
    let found: Vec<Value> = found
        .map(|(user, status)| member_json(state, *user, status))
        .collect();
    Ok(json!(found))
}

/// An administrator of a channel without the right to post.
pub const MUTE_ADMINISTRATOR: &str = "mute administrator";

/// A ChatMember object with all the rights that its status must spell out.
pub fn member_json(state: &State, user: i64, status: &str) -> Value {
    let person = state
        .users
        .get(&user)
        .map_or_else(bot_json, super::state::User::json);
    let (status, is_mute) = match status {
        MUTE_ADMINISTRATOR => ("administrator", true),
        status => (status, false),
    };
    let mut member = json!({ "user": person, "status": status });
    let rights: &[&str] = match status {
        "administrator" => &[
            "can_be_edited",
            "can_manage_chat",
            "can_delete_messages",
            "can_manage_video_chats",
            "can_restrict_members",
            "can_promote_members",
            "can_change_info",
            "can_invite_users",
            "can_post_stories",
            "can_edit_stories",
            "can_delete_stories",
            "can_post_messages",
            "can_edit_messages",
            "can_pin_messages",
            "can_manage_topics",
            "can_send_welcome_messages",
        ],
        "restricted" => &[
            "is_member",
            "can_send_messages",
            "can_send_audios",
            "can_send_documents",
            "can_send_photos",
            "can_send_videos",
            "can_send_video_notes",
            "can_send_voice_notes",
            "can_send_polls",
            "can_send_other_messages",
            "can_add_web_page_previews",
            "can_react_to_messages",
            "can_edit_tag",
            "can_change_info",
            "can_invite_users",
            "can_pin_messages",
            "can_manage_topics",
        ],
        _ => &[],
    };
    for right in rights {
        member[*right] = json!(status == "administrator" || *right == "is_member");
    }
    if is_mute {
        member["can_post_messages"] = json!(false);
    }
    if matches!(status, "administrator" | "creator") {
        member["is_anonymous"] = json!(false);
    }
    if matches!(status, "restricted" | "kicked") {
        member["until_date"] = json!(0);
    }
    member
}

fn set_commands(state: &mut State, params: &Params) -> Reply {
    let slot = slot(state, params)?;
    let commands = params["commands"].as_array().map_or(&[][..], Vec::as_slice);
    if commands.len() > MOST_COMMANDS {
        return Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in commands {
        let name = command["command"].as_str().unwrap_or_default();
        let name = name.strip_prefix('/').unwrap_or(name);
        let right = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > 32 || !name.chars().all(right) {
            return Err(Refusal::bad("BOT_COMMAND_INVALID"));
        }
        let description = command["description"].as_str().unwrap_or_default();
        if !(1..=256).contains(&description.chars().count()) {
            return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    state.commands.insert(slot, json!(commands));
    Ok(json!(true))
}

/// Where a list of commands belongs: its scope, as JSON text, and its language.
fn slot(state: &State, params: &Params) -> Result<(String, String), Refusal> {
    let default = json!({ "type": "default" });
    let scope = params.get("scope").unwrap_or(&default);
    if let Some(chat) = scope.get("chat_id")
        && state.resolve(chat).is_none()
    {
        return Err(Refusal::bad("chat not found"));
    }
    let language = params
        .get("language_code")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let two_letters = language.len() == 2 && language.chars().all(|c| c.is_ascii_lowercase());
    if !language.is_empty() && !two_letters {
        return Err(Refusal::bad("invalid language code specified"));
    }
    Ok((scope.to_string(), language.to_owned()))
}
