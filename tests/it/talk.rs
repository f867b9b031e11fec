//! People who talk with the bot. In: what they write. Out: what they are answered.

use crate::fake_telegram::{FakeTelegram, Sent};

/// 李, who speaks Chinese.
pub const LI: i64 = 7;
/// Ann, who speaks English.
pub const ANN: i64 = 8;
/// Both, as `meet` wants them.
pub const LI_AND_ANN: &[(i64, &str, &str)] = &[(LI, "李", "zh-hans"), (ANN, "Ann", "en")];

/// People with their names and languages press Start and are greeted.
pub fn meet(telegram: &FakeTelegram, people: &[(i64, &str, &str)]) {
    for (user, name, language) in people {
        telegram.add_user(*user, name, language);
    }
    for (user, ..) in people {
        telegram.user_starts(*user);
        telegram.next_message(*user);
    }
}

pub fn ask(telegram: &FakeTelegram, user: i64, text: &str) -> Sent {
    telegram.user_says(user, text);
    telegram.next_message(user)
}

pub fn says(sent: &Sent, words: &str) {
    assert!(sent.text.contains(words), "{words} in {}", sent.text);
}
