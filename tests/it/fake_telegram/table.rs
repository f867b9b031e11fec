//! The methods, parameters and types of the Bot API that we use, as one compact table.
//!
//! In: nothing. Out: look-ups by name, without case for methods. A parameter is
//! `name: type`, with `!` after the name when Telegram requires it; the type words are
//! the Bot API's own, so that a test can compare the table with its description.

/// Methods with their parameters.
pub const METHODS: &[(&str, &[&str])] = &[
    ("getMe", &[]),
    (
        "getUpdates",
        &[
            "offset: Integer",
            "limit: Integer",
            "timeout: Integer",
            "allowed_updates: Array of String",
        ],
    ),
    (
        "setWebhook",
        &[
            "url!: String",
            "ip_address: String",
            "max_connections: Integer",
            "allowed_updates: Array of String",
            "drop_pending_updates: Boolean",
            "secret_token: String",
        ],
    ),
    ("deleteWebhook", &["drop_pending_updates: Boolean"]),
    ("getWebhookInfo", &[]),
    (
        "sendMessage",
        &[
            "chat_id!: Integer or String",
            "message_thread_id: Integer",
            "text!: String",
            "parse_mode: String",
            "entities: Array of MessageEntity",
            "link_preview_options: LinkPreviewOptions",
            "disable_notification: Boolean",
            "protect_content: Boolean",
            "reply_parameters: ReplyParameters",
            "reply_markup: InlineKeyboardMarkup or ReplyKeyboardMarkup or ReplyKeyboardRemove or ForceReply",
        ],
    ),
    (
        "sendDocument",
        &[
            "chat_id!: Integer or String",
            "message_thread_id: Integer",
            "document!: InputFile or String",
            "caption: String",
            "parse_mode: String",
            "disable_notification: Boolean",
            "protect_content: Boolean",
        ],
    ),
    (
        "editMessageText",
        &[
            "chat_id: Integer or String",
            "message_id: Integer",
            "text: String",
            "parse_mode: String",
            "entities: Array of MessageEntity",
            "link_preview_options: LinkPreviewOptions",
            "reply_markup: InlineKeyboardMarkup",
        ],
    ),
    (
        "editMessageReplyMarkup",
        &[
            "chat_id: Integer or String",
            "message_id: Integer",
            "reply_markup: InlineKeyboardMarkup",
        ],
    ),
    (
        "deleteMessage",
        &["chat_id!: Integer or String", "message_id!: Integer"],
    ),
    (
        "answerCallbackQuery",
        &[
            "callback_query_id!: String",
            "text: String",
            "show_alert: Boolean",
            "url: String",
            "cache_time: Integer",
        ],
    ),
    (
        "answerInlineQuery",
        &[
            "inline_query_id!: String",
            "results!: Array of InlineQueryResult",
            "cache_time: Integer",
            "is_personal: Boolean",
            "next_offset: String",
            "button: InlineQueryResultsButton",
        ],
    ),
    (
        "setMyCommands",
        &[
            "commands!: Array of BotCommand",
            "scope: BotCommandScope",
            "language_code: String",
        ],
    ),
    (
        "deleteMyCommands",
        &["scope: BotCommandScope", "language_code: String"],
    ),
    ("getChat", &["chat_id!: Integer or String"]),
    (
        "getChatMember",
        &["chat_id!: Integer or String", "user_id!: Integer"],
    ),
    ("getChatAdministrators", &["chat_id!: Integer or String"]),
];

/// Object types with their fields.
pub const TYPES: &[(&str, &[&str])] = &[
    (
        "MessageEntity",
        &[
            "type!: String",
            "offset!: Integer",
            "length!: Integer",
            "url: String",
            "language: String",
            "custom_emoji_id: String",
            "unix_time: Integer",
            "date_time_format: String",
        ],
    ),
    (
        "LinkPreviewOptions",
        &[
            "is_disabled: Boolean",
            "url: String",
            "prefer_small_media: Boolean",
            "prefer_large_media: Boolean",
            "show_above_text: Boolean",
        ],
    ),
    (
        "ReplyParameters",
        &[
            "message_id: Integer",
            "chat_id: Integer or String",
            "allow_sending_without_reply: Boolean",
        ],
    ),
    (
        "InlineKeyboardMarkup",
        &["inline_keyboard!: Array of Array of InlineKeyboardButton"],
    ),
    (
        "InlineKeyboardButton",
        &[
            "text!: String",
            "url: String",
            "callback_data: String",
            "switch_inline_query: String",
            "switch_inline_query_current_chat: String",
            "switch_inline_query_chosen_chat: SwitchInlineQueryChosenChat",
            "copy_text: CopyTextButton",
        ],
    ),
    (
        "SwitchInlineQueryChosenChat",
        &[
            "query: String",
            "allow_user_chats: Boolean",
            "allow_bot_chats: Boolean",
            "allow_group_chats: Boolean",
            "allow_channel_chats: Boolean",
        ],
    ),
    (
        "InlineQueryResultArticle",
        &[
            "type!: String",
            "id!: String",
            "title!: String",
            "input_message_content!: InputMessageContent",
            "reply_markup: InlineKeyboardMarkup",
            "url: String",
            "description: String",
        ],
    ),
    (
        "InputTextMessageContent",
        &[
            "message_text!: String",
            "parse_mode: String",
            "entities: Array of MessageEntity",
            "link_preview_options: LinkPreviewOptions",
        ],
    ),
    (
        "InlineQueryResultsButton",
        &["text!: String", "start_parameter: String"],
    ),
    ("CopyTextButton", &["text!: String"]),
    (
        "ReplyKeyboardRemove",
        &["remove_keyboard!: True", "selective: Boolean"],
    ),
    ("BotCommand", &["command!: String", "description!: String"]),
    ("BotCommandScopeDefault", &["type!: String"]),
    ("BotCommandScopeAllPrivateChats", &["type!: String"]),
    ("BotCommandScopeAllGroupChats", &["type!: String"]),
    ("BotCommandScopeAllChatAdministrators", &["type!: String"]),
    (
        "BotCommandScopeChat",
        &["type!: String", "chat_id!: Integer or String"],
    ),
    (
        "BotCommandScopeChatAdministrators",
        &["type!: String", "chat_id!: Integer or String"],
    ),
    (
        "BotCommandScopeChatMember",
        &[
            "type!: String",
            "chat_id!: Integer or String",
            "user_id!: Integer",
        ],
    ),
];

/// A type that is one of several, told apart by its `type` field in this order of trial.
pub const SCOPES: &str = "BotCommandScopeDefault or BotCommandScopeAllPrivateChats \
or BotCommandScopeAllGroupChats or BotCommandScopeAllChatAdministrators or BotCommandScopeChat \
or BotCommandScopeChatAdministrators or BotCommandScopeChatMember";

/// One parameter or field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub kind: &'static str,
    pub required: bool,
}

impl Field {
    pub fn parse(line: &'static str) -> Self {
        let (name, kind) = line.split_once(": ").expect("a table line has a colon");
        Self {
            name: name.trim_end_matches('!'),
            kind,
            required: name.ends_with('!'),
        }
    }
}

/// A method by name, without case, as Telegram does: its own spelling and its parameters.
pub fn method(name: &str) -> Option<(&'static str, Vec<Field>)> {
    METHODS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(known, lines)| (*known, fields(lines)))
}

/// The fields of an object type.
pub fn object(name: &str) -> Option<Vec<Field>> {
    TYPES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, lines)| fields(lines))
}

pub fn fields(lines: &[&'static str]) -> Vec<Field> {
    lines.iter().map(|line| Field::parse(line)).collect()
}
