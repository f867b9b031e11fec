//! What happens to posts that were not known before; pure.
//! In: cards, the rules, the time. Out: a decision for each: announce, or hold for an admin.

use crate::store::{Card, Correction, Decision};

/// The rules of the `delivery` section that decide about new posts.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// More new posts than this at once are held.
    pub burst_limit: u64,
    /// Posts dated earlier than this many days ago are held.
    pub max_age_days: u64,
    /// How sent messages follow their posts.
    pub corrections: Corrections,
}

/// How sent messages follow their posts.
#[derive(Debug, Clone, Copy)]
pub struct Corrections {
    /// Milliseconds for which they do; 0: never.
    pub window: i64,
    /// Milliseconds of quiet before an edit.
    pub quiet: i64,
    /// Whether the messages of withdrawn posts stay as they are.
    pub keep_withdrawn: bool,
}

/// So many posts may vanish at once before it looks like a folder that is gone.
const VANISHED: usize = 10;

/// What changed about announced posts: `known` as the store has it, with the post as it is now (`None`: gone).
/// When most of many posts are gone at once, nothing is withdrawn; the second value counts them.
pub fn corrections(
    known: Vec<(Correction, Option<Card>)>,
    rules: Corrections,
) -> (Vec<Correction>, usize) {
    let all = known.len();
    let changed: Vec<Correction> = known
        .into_iter()
        .filter_map(|(known, now)| match now {
            Some(card) => {
                let is_new = known.withdrawn || card.version(false) != known.card.version(false);
                // Whose words it met was settled when it was announced.
                let rules = known.card.rules;
                is_new.then_some(Correction {
                    card: Card { rules, ..card },
                    withdrawn: false,
                })
            }
            None if known.withdrawn || rules.keep_withdrawn => None,
            None => Some(Correction {
                withdrawn: true,
                ..known
            }),
        })
        .collect();
    let gone = changed.iter().filter(|change| change.withdrawn).count();
    if gone > VANISHED && gone * 2 > all {
        let kept = changed.into_iter().filter(|change| !change.withdrawn);
        return (kept.collect(), gone);
    }
    (changed, 0)
}

/// What is going on while a batch is decided.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// New posts in this round, over all batches.
    pub fresh: u64,
    /// Seconds since 1970.
    pub now: i64,
}

/// Decides about one new post.
pub fn decide(card: &Card, rules: Rules, occasion: Occasion) -> Decision {
    if occasion.fresh > rules.burst_limit {
        return Decision::Hold(format!(
            "{} new posts at once, more than delivery.burst_limit {}",
            occasion.fresh, rules.burst_limit
        ));
    }
    let age_days = (occasion.now - card.published.seconds()).div_euclid(86_400);
    if age_days >= 0 && age_days.unsigned_abs() >= rules.max_age_days {
        return Decision::Hold(format!(
            "dated {}, older than delivery.max_age_days {}",
            card.published.rfc3339(),
            rules.max_age_days
        ));
    }
    Decision::Announce
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PostId, PostTime};

    const NOW: i64 = 1_790_000_000;
    const CORRECTIONS: Corrections = Corrections {
        window: 1,
        quiet: 0,
        keep_withdrawn: false,
    };

    fn known(withdrawn: bool) -> Correction {
        Correction {
            card: card(NOW),
            withdrawn,
        }
    }

    #[test]
    fn a_message_is_corrected_when_it_would_read_differently_and_only_then() {
        let same = card(NOW);
        let retagged = Card {
            tags: vec!["新".into()],
            ..card(NOW)
        };
        let retitled = Card {
            title: "新标题".into(),
            ..card(NOW)
        };
        let changes =
            |now: Option<Card>, before| corrections(vec![(known(before), now)], CORRECTIONS).0;
        assert!(changes(Some(same.clone()), false).is_empty());
        assert!(changes(Some(retagged), false).is_empty());
        assert_eq!(changes(Some(retitled.clone()), false)[0].card, retitled);
        assert!(changes(None, false)[0].withdrawn);
        assert!(changes(None, true).is_empty());
        assert!(!changes(Some(same), true)[0].withdrawn, "it came back");
        let keep = Corrections {
            keep_withdrawn: true,
            ..CORRECTIONS
        };
        assert!(corrections(vec![(known(false), None)], keep).0.is_empty());
    }

    #[test]
    fn a_folder_that_is_gone_withdraws_nothing() {
        let all_gone = vec![(known(false), None); 11];
        assert_eq!(corrections(all_gone, CORRECTIONS), (Vec::new(), 11));
        let few_gone = vec![(known(false), None); 10];
        assert_eq!(corrections(few_gone, CORRECTIONS).0.len(), 10);
    }

    fn card(published: i64) -> Card {
        Card {
            post: PostId::new("/a/b"),
            title: "标题".into(),
            url: "http://localhost/a/b.html".into(),
            summary: "摘要".into(),
            source: None,
            published: PostTime::from_parts(published, 8 * 3600).unwrap(),
            categories: Vec::new(),
            tags: Vec::new(),
            topics: Vec::new(),
            rules: Vec::new(),
            also: Vec::new(),
        }
    }

    fn decision(published: i64, fresh: u64) -> Decision {
        let rules = Rules {
            burst_limit: 200,
            max_age_days: 7,
            corrections: CORRECTIONS,
        };
        decide(&card(published), rules, Occasion { fresh, now: NOW })
    }

    #[test]
    fn new_posts_go_out_even_when_they_are_dated_a_little_back_or_ahead() {
        assert_eq!(decision(NOW - 3600, 1), Decision::Announce);
        assert_eq!(decision(NOW + 60, 200), Decision::Announce);
        assert_eq!(decision(NOW - 7 * 86_400 + 1, 1), Decision::Announce);
    }

    #[test]
    fn floods_and_old_posts_wait_for_an_admin() {
        assert!(matches!(decision(NOW, 201), Decision::Hold(_)));
        assert!(matches!(decision(NOW - 7 * 86_400, 1), Decision::Hold(_)));
    }
}
