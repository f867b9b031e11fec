//! What happens to posts that were not known before; pure.
//! In: cards, the rules, the time. Out: a decision for each: announce, hold for an admin, or just know.

use crate::store::{Card, Decision};

/// The rules of the `delivery` section that decide about new posts.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// More new posts than this at once are held.
    pub burst_limit: u64,
    /// Posts dated earlier than this many days ago are held.
    pub max_age_days: u64,
}

/// What is going on while a batch is decided.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// False until a first start has taken note of what existed: then nobody is sent an archive.
    pub baseline: bool,
    /// New posts in this round, over all batches.
    pub fresh: u64,
    /// Seconds since 1970.
    pub now: i64,
}

/// Decides about one new post.
pub fn decide(card: &Card, rules: Rules, occasion: Occasion) -> Decision {
    if !occasion.baseline {
        return Decision::Known;
    }
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
        }
    }

    fn decision(published: i64, baseline: bool, fresh: u64) -> Decision {
        let rules = Rules {
            burst_limit: 200,
            max_age_days: 7,
        };
        decide(
            &card(published),
            rules,
            Occasion {
                baseline,
                fresh,
                now: NOW,
            },
        )
    }

    #[test]
    fn the_first_start_only_takes_note() {
        assert_eq!(decision(NOW, false, 1), Decision::Known);
    }

    #[test]
    fn new_posts_go_out_even_when_they_are_dated_a_little_back_or_ahead() {
        assert_eq!(decision(NOW - 3600, true, 1), Decision::Announce);
        assert_eq!(decision(NOW + 60, true, 200), Decision::Announce);
        assert_eq!(decision(NOW - 7 * 86_400 + 1, true, 1), Decision::Announce);
    }

    #[test]
    fn floods_and_old_posts_wait_for_an_admin() {
        assert!(matches!(decision(NOW, true, 201), Decision::Hold(_)));
        assert!(matches!(
            decision(NOW - 7 * 86_400, true, 1),
            Decision::Hold(_)
        ));
    }
}
