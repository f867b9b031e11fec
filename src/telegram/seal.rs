//! Seals on what buttons carry, so that nobody can make buttons of ours.
//! In: the key that the store keeps, a button's data. Out: the data with a truncated HMAC-SHA256 (RFC 2104),
//! within Telegram's 64 bytes. Who may press is checked besides: a seal says only that the button is ours.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Button, ButtonAction};

/// Telegram's limit for `callback_data`.
const LONGEST_DATA: usize = 64;
/// Characters of a seal, six bits each.
const SEAL: usize = 8;
/// What stands between data and seal.
const MARK: char = '~';
/// Bytes that a button's own data may have.
pub const LONGEST_BUTTON: usize = LONGEST_DATA - SEAL - MARK.len_utf8();

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A key for seals. It has no `Debug`.
#[derive(Clone)]
pub struct Seal([u8; 32]);

impl Seal {
    /// The key that the store keeps.
    pub fn new(key: [u8; 32]) -> Self {
        Seal(key)
    }

    /// Data with its seal.
    pub fn close(&self, data: &str) -> String {
        format!("{data}{MARK}{}", self.seal(data))
    }

    /// The data, if the seal is ours.
    pub fn open<'d>(&self, sealed: &'d str) -> Option<&'d str> {
        let (data, seal) = sealed.rsplit_once(MARK)?;
        let ours = self.seal(data);
        // As long for any wrong seal, so that time tells nothing.
        let differs = ours
            .bytes()
            .zip(seal.bytes())
            .fold(0, |d, (a, b)| d | (a ^ b));
        (seal.len() == SEAL && differs == 0).then_some(data)
    }

    /// Another secret, for another purpose, that follows from the key.
    pub fn derive(&self, purpose: &str) -> String {
        letters(&self.code(&format!("purpose:{purpose}")), 32)
    }

    /// Seals all buttons that come back to the bot. One that would be too long is left out, and told.
    pub fn buttons(&self, rows: &mut Vec<Vec<Button>>) {
        for row in rows.iter_mut() {
            row.retain_mut(|button| {
                let ButtonAction::Data(data) = &mut button.action else {
                    return true;
                };
                let fits = data.len() <= LONGEST_BUTTON;
                if fits {
                    *data = self.close(data);
                } else {
                    tracing::error!(%data, "a button carries too much: report this as a bug");
                }
                fits
            });
        }
        rows.retain(|row| !row.is_empty());
    }

    fn seal(&self, data: &str) -> String {
        letters(&self.code(&format!("button:{data}")), SEAL)
    }

    fn code(&self, text: &str) -> [u8; 32] {
        let key = hmac::digest::Key::<Hmac<Sha256>>::default();
        let mut long = key;
        long[..self.0.len()].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&long);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

fn letters(code: &[u8; 32], count: usize) -> String {
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte & 63)]);
    code.iter().take(count).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_seals_open() {
        let seal = Seal::new([7; 32]);
        let sealed = seal.close("f:0123456789abcdef");
        assert_eq!(seal.open(&sealed), Some("f:0123456789abcdef"));
        assert_eq!(Seal::new([8; 32]).open(&sealed), None);
        for forged in [
            "",
            "~",
            "f:x",
            "f:x~",
            "f:x~AAAAAAAA",
            "~~~~~~~~~~",
            "h:announce~AAAAAAAAA",
        ] {
            assert_eq!(seal.open(forged), None, "{forged}");
        }
        let other = sealed.replacen('f', "u", 1);
        assert_eq!(seal.open(&other), None);
    }

    #[test]
    fn sealed_data_fits_and_what_does_not_is_left_out() {
        let seal = Seal::new([7; 32]);
        let mut rows = vec![
            vec![Button::data("a", "x".repeat(LONGEST_BUTTON))],
            vec![Button::data("b", "x".repeat(LONGEST_BUTTON + 1))],
        ];
        seal.buttons(&mut rows);
        assert_eq!(rows.len(), 1);
        assert!(
            matches!(&rows[0][0].action, ButtonAction::Data(data) if data.len() == LONGEST_DATA)
        );
    }
}
