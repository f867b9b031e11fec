//! Heads with gaps against what the crates write at once.

use proptest::prelude::*;

use super::super::written::around;
use super::super::{Addresses, Archives, Frame, Gist, Period, Settings};
use super::*;
use crate::feeds::golden_tests::site;
use crate::model::zone::zone;
use crate::model::{Follow, Label, Site};

/// Each head in turn from the same gaps: what the first left must not show in the second.
fn compare(site: &Site, settings: &Settings, frames: &[Frame<'_>]) {
    let addresses = Addresses::new(settings, site).unwrap();
    let heads = Heads::default();
    for frame in frames {
        for format in Format::ALL {
            let view = FeedView::new(site, &addresses, settings, frame, format);
            let write = |view: &FeedView<'_>| around(view, &addresses, format);
            let (head, end) = heads.around(&view, format, write);
            let (whole, whole_end) = write(&view);
            assert_eq!(String::from_utf8(head), String::from_utf8(whole));
            assert_eq!(end, whole_end);
        }
    }
}

fn gist(seconds: i64, has_source: bool, has_image: bool) -> Gist {
    Gist {
        updated: PostTime::from_parts(seconds, 28_800),
        has_source,
        has_image,
    }
}

proptest! {
    #[test]
    fn a_filled_head_is_what_the_crates_write(
        names in prop::collection::vec(any::<String>(), 1..5),
        titles in prop::collection::vec("[<>&\"'\\\\ \\]a新\u{f0001}]{0,9}", 5),
        seconds in 0_i64..4_000_000_000, source: bool, image: bool, pages: bool,
        site_title in "[<>&\"'\\\\a新]{0,9}",
    ) {
        let site = Site { title: site_title, ..site() };
        let settings = Settings { pages, ..Settings::default() };
        let period = Period::year_of(seconds, zone("Asia/Shanghai"));
        let follows: Vec<Follow> = { names.iter() }
            .map(|name| Follow::Label(Label::tag(name)))
            .chain([Follow::Site])
            .collect();
        let frames: Vec<Frame<'_>> = { follows.iter().zip(&titles) }
            .enumerate()
            .map(|(at, (follow, title))| Frame {
                follow,
                title,
                gist: gist(seconds + at as i64, source, image),
                history: (at % 2 == 1).then_some(&period),
                page: None,
            })
            .collect();
        compare(&site, &settings, &frames);
    }
}

#[test]
fn a_site_whose_texts_look_like_gaps_is_written_at_once() {
    let gap = Gap::Title.mark();
    let site = Site {
        title: format!("a{gap}b"),
        author: Some(gap.clone()),
        ..site()
    };
    let follow = Follow::Label(Label::tag(&gap));
    let frame = Frame {
        follow: &follow,
        title: &gap,
        gist: gist(0, true, true),
        history: None,
        page: None,
    };
    compare(&site, &Settings::default(), &[frame, frame]);
}

#[test]
fn empty_feeds_and_pages_of_histories_are_written_at_once() {
    let period = Period::year_of(1_645_149_701, zone("Asia/Shanghai"));
    let follow = Follow::Site;
    let empty = Frame {
        follow: &follow,
        title: "",
        gist: Gist::default(),
        history: None,
        page: None,
    };
    let page = Frame {
        page: Some((&period, None)),
        gist: gist(86_399, false, false),
        ..empty
    };
    let settings = Settings {
        archives: Archives::All(true),
        ..Settings::default()
    };
    compare(&site(), &settings, &[empty, page, empty]);
}
