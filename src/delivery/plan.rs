//! What happens to posts that were not known before; pure.
//! In: cards, the rules, the time. Out: a decision for each: announce, or hold for an admin.

use crate::store::{Card, Correction, Decision, Presence};

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

/// A post as the catalog has it now.
#[derive(Debug, Clone, PartialEq)]
pub enum Today {
    /// People can read it.
    Shown(Box<Card>),
    /// `published: false`.
    Withdrawn,
    /// There is none, or not yet.
    Gone,
}

/// What changed about posts that the store knows. When most of many announced posts are gone at once, they count as
/// there; the second value is their number.
pub fn corrections(
    known: Vec<(Correction, Today)>,
    rules: Corrections,
) -> (Vec<Correction>, usize) {
    let all = known.iter().filter(|(known, _)| !known.is_held).count();
    let changed: Vec<Correction> = { known.into_iter() }
        .filter_map(|(known, today)| change(known, today, rules))
        .collect();
    let is_gone = |change: &Correction| change.presence == Presence::Gone && !change.is_held;
    let gone = changed.iter().filter(|change| is_gone(change)).count();
    if gone > VANISHED && gone * 2 > all {
        let kept = changed.into_iter().filter(|change| !is_gone(change));
        return (kept.collect(), gone);
    }
    (changed, 0)
}

fn change(known: Correction, today: Today, rules: Corrections) -> Option<Correction> {
    let presence = match today {
        Today::Shown(card) => {
            // Whose words it met was settled when it was announced.
            let card = Card {
                rules: known.card.rules.clone(),
                ..*card
            };
            let is_other = match known.is_held {
                // Nobody has seen it: whatever it is made of may change, also who gets it.
                true => card != known.card,
                false => card.version(false) != known.card.version(false),
            };
            return (is_other || known.presence != Presence::Shown).then_some(Correction {
                card,
                presence: Presence::Shown,
                ..known
            });
        }
        Today::Withdrawn if !rules.keep_withdrawn => Presence::Withdrawn,
        // A message that says that its post was withdrawn goes on saying so.
        Today::Withdrawn | Today::Gone if known.presence == Presence::Withdrawn => return None,
        Today::Withdrawn | Today::Gone => Presence::Gone,
    };
    (known.presence != presence).then_some(Correction { presence, ..known })
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

    fn known(presence: Presence) -> Correction {
        Correction {
            card: card(NOW),
            presence,
            is_held: false,
        }
    }

    fn shown(card: &Card) -> Today {
        Today::Shown(Box::new(card.clone()))
    }

    #[test]
    fn a_message_is_corrected_when_it_would_read_differently_and_only_then() {
        use Presence::{Gone, Shown, Withdrawn};
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
            |today: Today, before| corrections(vec![(known(before), today)], CORRECTIONS).0;
        assert!(changes(shown(&same), Shown).is_empty());
        assert!(changes(shown(&retagged), Shown).is_empty());
        assert_eq!(changes(shown(&retitled), Shown)[0].card, retitled);
        let becomes =
            |today: Today, before| changes(today, before).pop().map(|change| change.presence);
        assert_eq!(becomes(Today::Gone, Shown), Some(Gone));
        assert_eq!(becomes(Today::Gone, Gone), None);
        assert_eq!(becomes(Today::Gone, Withdrawn), None);
        assert_eq!(becomes(Today::Withdrawn, Shown), Some(Withdrawn));
        assert_eq!(becomes(Today::Withdrawn, Gone), Some(Withdrawn));
        assert_eq!(becomes(Today::Withdrawn, Withdrawn), None);
        assert_eq!(
            becomes(shown(&same), Withdrawn),
            Some(Shown),
            "it came back"
        );
        assert_eq!(becomes(shown(&same), Gone), Some(Shown), "it came back");
        let keep = Corrections {
            keep_withdrawn: true,
            ..CORRECTIONS
        };
        let kept = corrections(vec![(known(Shown), Today::Withdrawn)], keep).0;
        assert_eq!(kept[0].presence, Gone, "what waits is not sent");
        let held = Correction {
            is_held: true,
            ..known(Shown)
        };
        let retold = corrections(vec![(held, shown(&retagged))], CORRECTIONS).0;
        assert_eq!(retold[0].card, retagged, "nobody has seen it");
    }

    #[test]
    fn a_folder_that_is_gone_takes_nothing_back() {
        let known = || known(Presence::Shown);
        let all_gone = vec![(known(), Today::Gone); 11];
        assert_eq!(corrections(all_gone, CORRECTIONS), (Vec::new(), 11));
        let few_gone = vec![(known(), Today::Gone); 10];
        assert_eq!(corrections(few_gone, CORRECTIONS).0.len(), 10);
        let said_so = vec![(known(), Today::Withdrawn); 11];
        assert_eq!(corrections(said_so, CORRECTIONS).0.len(), 11);
        let mut held = vec![(known(), Today::Gone); 11];
        held.iter_mut().for_each(|(known, _)| known.is_held = true);
        assert_eq!(
            corrections(held, CORRECTIONS).0.len(),
            11,
            "nobody was told"
        );
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
