//! Cards out of whatever people and machines write: every script, emoji sequences, marks that turn text around,
//! control characters, endless and empty fields, addresses of every kind. In: a number. Out: a card, always the same.

use tagwire::model::{PostId, PostTime};
use tagwire::store::Card;

/// Pieces that must not be torn apart, or must not come through.
const PIECES: &[&str] = &[
    "市",
    "场监管",
    "，",
    "。",
    "！",
    "？",
    "；",
    "……",
    "《办法》",
    "“引文”",
    "a",
    "word ",
    "C++ ",
    "<b>",
    "</title>",
    "]]>",
    "&amp;",
    "*_`[",
    "\n",
    "\n\n",
    "\t",
    " ",
    "\u{3000}",
    "\u{a0}",
    "\u{200b}",
    "\u{200d}",
    "\u{feff}",
    "\u{202e}",
    "\u{2066}",
    "\u{0}",
    "\u{8}",
    "\u{1b}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{fffd}",
    "\u{10ffff}",
    "e\u{301}",
    "n\u{303}\u{323}",
    "क्षि",
    "ก็",
    "각",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "👍🏽",
    "🇨🇳",
    "🇨",
    "1️⃣",
    "😀",
    "𠮷",
    "𝒳",
    "\u{fe0f}",
    "\u{1f3fd}",
    "\u{301}",
    "عربي",
    "עברית",
    "@someone",
    "#标签",
    "/start",
    "tg://user?id=1",
    "https://example.com/a?b=c&d=e",
    "mailto:a@b.cn",
    "12345678901234567890",
    "$USD",
    "(",
    ")",
    "|",
    "~",
    "\\",
];

const ADDRESSES: &[&str] = &[
    "http://news.example.cn/demo/2026/11/20/a.html",
    "https://例子.中国/路径/?问=答#处",
    "https://example.com/%E4%B8%AD?a=b&c=<d>\"'",
    "http://localhost:8080/a.html",
    "http://127.0.0.1/a",
    "http://[2001:db8::1]/a",
    "javascript:alert(1)",
    "tg://user?id=1",
    "ftp://example.com/a",
    "http://",
    "",
    "not an address",
    "http://example.com:99999/",
    "http://user:pass@example.com/a b",
    "HTTP://EXAMPLE.COM/A",
    "http://a..b/",
    "http://example.com/\u{202e}x",
];

/// splitmix64: luck that can be had again.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap_or(0)
    }

    /// Mostly short, sometimes around a limit, seldom far beyond it.
    fn text(&mut self, limit: usize) -> String {
        let pieces = match self.below(20) {
            0 => 0,
            1 => limit + self.below(5),
            2 => limit.saturating_sub(self.below(5)),
            3 => limit * 2 + self.below(limit),
            _ => self.below(40),
        };
        // A long text of one kind reaches the limit in a way of its own.
        let one = self.below(PIECES.len());
        let same = self.below(3) == 0;
        let mut text = String::new();
        for _ in 0..pieces {
            let piece = if same && self.below(10) > 0 {
                one
            } else {
                self.below(PIECES.len())
            };
            text.push_str(PIECES[piece]);
        }
        text
    }

    fn texts(&mut self, most: usize) -> Vec<String> {
        (0..self.below(most)).map(|_| self.text(64)).collect()
    }

    /// The next card.
    pub fn card(&mut self) -> Card {
        let seconds = [0, 1_790_000_000, -62_135_596_800, 253_402_300_799][self.below(4)];
        let offset = [0, 28_800, -12_600, 50_400][self.below(4)];
        let address = match self.below(12) {
            0 => format!("http://example.com/{}", "长".repeat(self.below(1500))),
            _ => ADDRESSES[self.below(ADDRESSES.len())].to_owned(),
        };
        Card {
            post: PostId::new("/demo/a"),
            title: self.text(300),
            url: address,
            summary: if self.below(4) == 0 {
                self.text(3400)
            } else {
                self.text(300)
            },
            source: (self.below(3) > 0).then(|| self.text(60)),
            published: PostTime::from_parts(seconds, offset)
                .or_else(|| PostTime::from_parts(1_790_000_000, 0))
                .expect("a time of today"),
            categories: self.texts(4),
            tags: self.texts(14),
            topics: self
                .texts(4)
                .into_iter()
                .map(|title| ("topic".to_owned(), title))
                .collect(),
            rules: Vec::new(),
            also: (0..self.below(8))
                .map(|_| {
                    (
                        self.text(80),
                        ADDRESSES[self.below(ADDRESSES.len())].to_owned(),
                    )
                })
                .collect(),
        }
    }

    pub fn language(&mut self) -> &'static str {
        ["zh", "en", "", "xx"][self.below(4)]
    }
}
