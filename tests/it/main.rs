//! The integration crate: stories told against real files, real SQLite and a strict fake Telegram.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod admins_ask;
mod agrees_with_jekyll;
mod agrees_with_jekyll_feed;
mod agrees_with_kramdown;
mod bad_input;
mod command_line;
mod config_changes;
mod corrections;
mod doctor;
mod every_word;
mod fake_is_strict;
#[allow(
    dead_code,
    reason = "the fake can do more than today's stories ask of it"
)]
mod fake_telegram;
mod faults;
mod feed_rules;
mod finding_labels;
mod hard_corners;
mod hours_and_digests;
mod house;
mod http;
mod killed_at_random;
mod labels_have_names;
mod long_and_late;
mod message_proofs;
mod messages_arrive;
mod moving_house;
mod people_ask_about_posts;
mod posts_become_feeds;
mod pushing;
mod random_cards;
mod same_story;
mod serving_feeds;
mod settings_and_data;
mod starting_again;
mod talk;
mod the_bot_answers;
mod topics;
mod waiting_posts;
mod watching;
mod where_it_lives;
mod whole_history;
mod words_said;
mod world;
