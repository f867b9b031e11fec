//! Dates in the spellings that people and generators use.

use super::*;
use crate::model::zone::zone;

fn at(text: &str) -> String {
    let read = read(text, false, zone("Asia/Shanghai"), NaiveDates::SiteTime);
    read.map_or_else(|| "-".into(), |read| read.time.rfc3339())
}

#[test]
fn offsets_stay_and_naive_dates_are_site_time() {
    assert_eq!(at("2022-02-18 10:01:41 -0500"), "2022-02-18T10:01:41-05:00");
    assert_eq!(at("2022-02-18T10:01:41.5Z"), "2022-02-18T10:01:41+00:00");
    assert_eq!(at("2022-02-18 10:01:41 +8"), "2022-02-18T10:01:41+08:00");
    assert_eq!(at("2022-02-18 10:01:41"), "2022-02-18T10:01:41+08:00");
    assert_eq!(at(" 2022-2-8 "), "2022-02-08T00:00:00+08:00");
    let utc = |text, quoted| {
        read(text, quoted, zone("Asia/Shanghai"), NaiveDates::Utc)
            .unwrap()
            .time
            .rfc3339()
    };
    assert_eq!(
        utc("2022-02-18 10:01:41", false),
        "2022-02-18T18:01:41+08:00"
    );
    assert_eq!(
        utc("2022-02-18 10:01:41", true),
        "2022-02-18T10:01:41+08:00"
    );
    assert_eq!(utc("2022-02-18 10:01", false), "2022-02-18T10:01:00+08:00");
}

#[test]
fn names_of_zones_that_ruby_does_not_know_say_nothing() {
    for zone in ["CET", "CEST", "BST", "EET", "MSK", "JST"] {
        let time = at(&format!("2022-02-18 20:01:41 {zone}"));
        assert_eq!(time, "2022-02-18T20:01:41+08:00", "{zone}");
    }
    assert_eq!(at("2022-02-18 20:01:41 EST"), "2022-02-18T20:01:41-05:00");
}

#[test]
fn odd_spellings_are_read_as_ruby_reads_them() {
    assert_eq!(at("2022-02-30 10:00:00"), "2022-03-02T10:00:00+08:00");
    assert_eq!(at("2022-02-18 24:00:00"), "2022-02-19T00:00:00+08:00");
    assert_eq!(at("February 18, 2022"), "2022-02-18T00:00:00+08:00");
    assert_eq!(
        at("Fri, 18 Feb 2022 10:01:41 +0800"),
        "2022-02-18T10:01:41+08:00"
    );
    assert_eq!(at("2022/02/18 10:01 pm"), "2022-02-18T22:01:00+08:00");
    assert_eq!(at("2022-02-18 10:01:41 CST"), "2022-02-18T10:01:41-06:00");
    assert_eq!(
        at("2012-07-12- 19:30:00 +0800"),
        "2012-07-12T19:30:00+08:00"
    );
    for bad in [
        "",
        "+0800",
        "2022-02",
        "02/18/2022",
        "1645149701",
        "soon",
        "10:01",
        "2022-13-01",
        "2022-02-18 99:00:00",
    ] {
        assert_eq!(at(bad), "-", "{bad}");
    }
}

#[test]
fn file_names_are_taken_apart() {
    let split = |stem| (name(stem).date, name(stem).slug);
    assert_eq!(split("2022-02-18-a-b."), (Some("2022-02-18"), "a-b"));
    assert_eq!(split("22-1-2-x"), (Some("22-1-2"), "x"));
    assert_eq!(split("-20220526"), (None, "20220526"));
    assert_eq!(split("06-06-os"), (None, "06-06-os"));
    let number = |stem| number_in_name(stem, zone("Asia/Shanghai")).map(PostTime::rfc3339);
    assert_eq!(
        number("-202205262391921712").unwrap(),
        "2022-05-26T00:00:00+08:00"
    );
    assert_eq!(
        number("NW202205262391921712").unwrap(),
        "2022-05-26T00:00:00+08:00"
    );
    assert_eq!(number("99999999999"), None);
    assert_eq!(number("chapter-12"), None);
}
