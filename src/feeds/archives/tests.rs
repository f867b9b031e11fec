//! Periods by themselves, and pages as readers see them.
use proptest::prelude::*;

use super::*;
use crate::feeds::golden_tests::{at, entry, feed, post, site};
use crate::model::zone::zone;
use crate::model::{Follow, Zone};

/// From the year down to the smallest period, those that hold an instant and a hash.
fn down(seconds: i64, tie: i64, zone: Zone) -> Vec<Period> {
    let mut path = vec![Period::year_of(seconds, zone)];
    while let Some(last) = path.last() {
        let children = last.children(zone);
        let mut holding = children
            .into_iter()
            .filter(|child| child.holds(seconds, tie, zone));
        let Some(child) = holding.next() else { break };
        assert_eq!(holding.next(), None, "{seconds} lies in two periods");
        path.push(child);
    }
    path
}

#[test]
fn periods_are_named_so_that_people_can_guess_them() {
    let path = down(
        at(0).seconds(),
        0x3f00_0000_0000_0000,
        zone("Asia/Shanghai"),
    );
    let names: Vec<String> = path.iter().map(Period::to_string).collect();
    let wanted = [
        "2022",
        "2022-02",
        "2022-02-18",
        "2022-02-18-10",
        "2022-02-18-10-01",
        "2022-02-18-10-01-41",
        "2022-02-18-10-01-41-3",
        "2022-02-18-10-01-41-3-f",
    ];
    assert_eq!(names[..8], wanted);
    let old = down(-1_000_000_000, -1, zone("Asia/Shanghai"));
    assert_eq!(old[0].to_string(), "before-1970");
    assert_eq!(old[2].to_string(), "before-1970-f-f");
}

#[test]
fn the_page_before_is_told_by_the_calendar_alone() {
    let path = down(at(0).seconds(), 0, zone("Asia/Shanghai"));
    let oldest = Period::year_of(0, zone("Asia/Shanghai"));
    let before = |period: &Period| period.previous(&oldest).map(|period| period.to_string());
    assert_eq!(before(&path[1]).unwrap(), "2022-01");
    assert_eq!(before(&path[2]).unwrap(), "2022-02-17");
    // The first piece of a second goes on with the second before.
    assert_eq!(before(&path[6]).unwrap(), "2022-02-18-10-01-40");
    let january = &path[0].children(zone("Asia/Shanghai"))[0];
    assert_eq!(before(january).unwrap(), "2021");
    assert_eq!(january.previous(&path[0]), None);
    assert_eq!(before(&oldest), None);
    let all = oldest.year_before().unwrap();
    assert_eq!(oldest.previous(&all).unwrap().to_string(), "before-1970");
}

proptest! {
    #[test]
    fn each_instant_has_one_place_on_every_level(
        seconds in -100_000_000_000i64..250_000_000_000, tie: i64,
        zone in prop_oneof![
            Just(zone("Asia/Shanghai")), Just(Zone::UTC), Just(zone("America/Sao_Paulo")),
            Just(zone("Asia/Tehran")), Just(zone("Pacific/Apia")), Just(zone("Asia/Beirut")),
        ],
    ) {
        let path = down(seconds, tie, zone);
        prop_assert!(path.len() > 8, "{:?}", path.last());
        for two in path.windows(2) {
            let inner = two[1].to_string();
            prop_assert!(inner.starts_with(&two[0].to_string()) && inner.contains('-'));
            prop_assert!(two[0].bounds(zone).start <= two[1].bounds(zone).start);
        }
    }

    #[test]
    fn the_parts_of_a_period_follow_each_other_without_a_gap(
        seconds in -5_000_000_000i64..10_000_000_000, tie: i64,
    ) {
        for period in down(seconds, tie, zone("America/Sao_Paulo")) {
            let children = period.children(zone("America/Sao_Paulo"));
            let (first, last) = (children.first(), children.last());
            let (Some(first), Some(last)) = (first, last) else { continue };
            let bounds = |period: &Period| period.bounds(zone("America/Sao_Paulo"));
            prop_assert_eq!(bounds(first).start, bounds(&period).start);
            prop_assert_eq!(bounds(last).end, bounds(&period).end);
            for two in children.windows(2) {
                prop_assert!(bounds(&two[0]).end == bounds(&two[1]).start || bounds(&two[0]) == bounds(&two[1]));
                prop_assert_eq!(two[1].previous(&period), Some(two[0].clone()));
            }
        }
    }
}

fn page(entries: Vec<std::sync::Arc<crate::feeds::Entry>>) -> Archive {
    let period = Period::year_of(at(0).seconds(), zone("Asia/Shanghai"));
    Archive {
        feed: feed(entries),
        previous: period.year_before(),
        period,
    }
}

fn rendered(settings: &Settings, archive: &Archive, format: Format) -> String {
    let addresses = Addresses::new(settings, &site()).unwrap();
    String::from_utf8(render_archive(
        &site(),
        &addresses,
        settings,
        archive,
        format,
    ))
    .unwrap()
}

#[test]
fn a_page_says_whose_it_is_and_what_comes_before() {
    let settings = Settings {
        archive_formats: Format::ALL.to_vec(),
        ..Settings::default()
    };
    let base = "https://x.test/news/feed/by_tag/C%23";
    for (format, ending) in [(Format::Atom, "xml"), (Format::Rss, "rss")] {
        let xml = rendered(&settings, &page(vec![entry(post())]), format);
        let document = roxmltree::Document::parse(&xml).unwrap();
        let link = |rel: &str| {
            let mut links = document
                .descendants()
                .filter(|node| node.attribute("rel") == Some(rel));
            let href = links.next().and_then(|node| node.attribute("href"));
            assert!(links.next().is_none());
            href.map(str::to_owned)
        };
        assert_eq!(
            link("self").unwrap(),
            format!("{base}.archive/2022.{ending}")
        );
        assert_eq!(link("current").unwrap(), format!("{base}.{ending}"));
        assert_eq!(
            link("prev-archive").unwrap(),
            format!("{base}.archive/2021.{ending}")
        );
        assert_eq!(link("next-archive"), None);
        let mark = document
            .descendants()
            .find(|node| node.tag_name().name() == "archive")
            .unwrap();
        assert_eq!(
            mark.tag_name().namespace(),
            Some(super::super::view::HISTORY)
        );
        // The id of the feed, and the ids of its entries, are those of the document that people follow.
        assert!(format == Format::Rss || xml.contains(&format!("<id>{base}.xml</id>")));
    }
    let json: serde_json::Value =
        serde_json::from_str(&rendered(&settings, &page(vec![]), Format::Json)).unwrap();
    assert_eq!(json["feed_url"], format!("{base}.archive/2022.json"));
    assert_eq!(json["next_url"], format!("{base}.archive/2021.json"));
}

#[test]
fn a_page_without_entries_is_dated_by_its_period() {
    let xml = rendered(&Settings::default(), &page(vec![]), Format::Atom);
    assert!(
        xml.contains("<updated>2022-01-01T00:00:00+08:00</updated>"),
        "{xml}"
    );
}

#[test]
fn a_feed_leads_to_its_history() {
    let mut subscribed = feed(vec![entry(post())]);
    subscribed.history = Some(Period::year_of(at(0).seconds(), zone("Asia/Shanghai")));
    let settings = Settings::default();
    let addresses = Addresses::new(&settings, &site()).unwrap();
    let text = |format| {
        let bytes = crate::feeds::render(&site(), &addresses, &settings, &subscribed, format);
        String::from_utf8(bytes).unwrap()
    };
    let href = "href=\"https://x.test/news/feed/by_tag/C%23.archive/2022.xml\"";
    for format in [Format::Atom, Format::Rss] {
        assert!(text(format).contains("rel=\"prev-archive\""));
        assert!(text(format).contains(href) && !text(format).contains("fh:archive"));
    }
    assert!(!text(Format::Json).contains("next_url"));
    assert_ne!(Follow::Site, subscribed.follow);
}
