//! The rules of a right feed, each with the tests that hold it.
//! In: the list below. Out: a failure when a rule has no test, or a test that is named does not exist.

use std::path::Path;

use crate::world::World;

/// A file and a test in it.
type Held = (&'static str, &'static str);

const RULES: &str = "src/feeds/rules_tests.rs";
const STRICT: &str = "src/feeds/strict_tests.rs";
const TEXT: &str = "src/feeds/text.rs";
const HTTP: &str = "src/http/tests.rs";
const STORY: &str = "tests/it/posts_become_feeds.rs";
const HISTORY: &str = "tests/it/whole_history.rs";

/// Number, the rule in a few words with its source, the tests.
const HELD: &[(u8, &str, &[Held])] = &[
    (
        1,
        "RSS channel: title, absolute ASCII link, description [RSS 2.0]",
        &[(RULES, "an_rss_channel_has_what_readers_need")],
    ),
    (
        2,
        "atom:link rel=self with the real address [RSS Profile]",
        &[
            (RULES, "an_rss_channel_has_what_readers_need"),
            (
                HISTORY,
                "labels_and_rss_have_histories_and_a_late_post_changes_no_page_of_another_time",
            ),
        ],
    ),
    (
        3,
        "language zh-cn in RSS, BCP 47 elsewhere [RFC 5646]",
        &[
            (RULES, "an_rss_channel_has_what_readers_need"),
            (RULES, "an_atom_feed_has_each_element_once"),
            (RULES, "a_json_feed_has_what_version_1_1_asks_for"),
        ],
    ),
    (
        4,
        "lastBuildDate is the newest change, never now [RSS 2.0]",
        &[
            (STRICT, "the_newest_change_dates_the_feed"),
            (
                STORY,
                "the_same_posts_give_the_same_bytes_whatever_the_machines_zone_and_the_catalogs_age",
            ),
        ],
    ),
    (
        5,
        "ttl, and better Cache-Control [RSS Profile]",
        &[
            (RULES, "an_rss_channel_has_what_readers_need"),
            (HTTP, "feeds_are_served_with_types_and_validators"),
        ],
    ),
    (
        6,
        "generator, docs, copyright, image [RSS 2.0]",
        &[(RULES, "an_rss_channel_says_who_made_it_and_whose_it_is")],
    ),
    (
        7,
        "managingEditor as mail (Name) or absent [RSS 2.0]",
        &[
            (RULES, "an_rss_channel_says_who_made_it_and_whose_it_is"),
            (
                "src/feeds/settings.rs",
                "what_readers_could_not_use_is_refused_with_its_key",
            ),
        ],
    ),
    (
        8,
        "item: plain title, link, lasting guid [RSS 2.0]",
        &[
            (
                RULES,
                "an_rss_item_is_known_by_its_guid_and_credits_people_rightly",
            ),
            (TEXT, "titles_are_plain_text_on_one_line"),
        ],
    ),
    (
        9,
        "pubDate as RFC 2822 with the author's offset",
        &[(
            "src/model/time.rs",
            "the_authors_offset_stays_in_both_spellings",
        )],
    ),
    (
        10,
        "dc:creator for a name, author for a mail address only [RSS Profile]",
        &[(
            RULES,
            "an_rss_item_is_known_by_its_guid_and_credits_people_rightly",
        )],
    ),
    (
        11,
        "a category for each label, with domain [RSS 2.0]",
        &[(
            RULES,
            "an_rss_item_tells_kinds_of_labels_apart_and_puts_the_summary_first",
        )],
    ),
    (
        12,
        "description before content:encoded; absolute addresses [RSS Profile]",
        &[
            (
                RULES,
                "an_rss_item_tells_kinds_of_labels_apart_and_puts_the_summary_first",
            ),
            ("src/posts/body_tests.rs", "links_and_images_are_absolute"),
        ],
    ),
    (
        13,
        "escapes, ]]> cut, no forbidden character [XML 1.0, 2.2]",
        &[
            (
                STRICT,
                "cdata_ends_and_forbidden_characters_survive_or_vanish",
            ),
            (STRICT, "any_text_comes_back"),
            (TEXT, "clean_text_is_always_xml"),
        ],
    ),
    (
        14,
        "media:content with type and medium; no enclosure without a length [Media RSS]",
        &[
            (
                RULES,
                "an_rss_item_tells_kinds_of_labels_apart_and_puts_the_summary_first",
            ),
            (
                STRICT,
                "the_address_of_an_image_comes_back_from_every_format",
            ),
        ],
    ),
    (
        15,
        "atom:updated for edits, pubDate stays [RFC 4287]",
        &[(
            RULES,
            "an_edit_is_dated_in_rss_too_and_the_publication_stays",
        )],
    ),
    (
        16,
        "Atom feed: id, title, updated, author, links once [RFC 4287, 4.1.1]",
        &[(RULES, "an_atom_feed_has_each_element_once")],
    ),
    (
        17,
        "Atom entry: dates, category with scheme and label [RFC 4287, 4.1.2]",
        &[(RULES, "an_atom_entry_has_what_rfc_4287_asks_for")],
    ),
    (
        18,
        "ids are lasting IRIs, compared byte by byte [RFC 4287, 4.2.6]",
        &[
            (TEXT, "ids_become_what_jekyll_feed_publishes"),
            (
                "tests/it/agrees_with_jekyll_feed.rs",
                "a_site_that_moves_from_jekyll_feed_keeps_addresses_ids_links_dates_and_titles",
            ),
        ],
    ),
    (
        19,
        "dates as RFC 3339 with offset [RFC 4287, 3.3]",
        &[
            (
                "src/model/time.rs",
                "the_authors_offset_stays_in_both_spellings",
            ),
            (RULES, "an_atom_entry_has_what_rfc_4287_asks_for"),
        ],
    ),
    (
        20,
        "content type=html with xml:base; xml:lang [RFC 4287, 4.1.3]",
        &[
            (RULES, "an_atom_entry_has_what_rfc_4287_asks_for"),
            (RULES, "an_atom_feed_has_each_element_once"),
        ],
    ),
    (
        21,
        "JSON feed: version to icon; next_url for pages [JSON Feed 1.1]",
        &[
            (RULES, "a_json_feed_has_what_version_1_1_asks_for"),
            (
                "src/feeds/archives/tests.rs",
                "a_page_says_whose_it_is_and_what_comes_before",
            ),
        ],
    ),
    (
        22,
        "JSON items: id, content, dates, tags [JSON Feed 1.1]",
        &[(RULES, "a_json_item_has_an_id_and_a_content")],
    ),
    (
        23,
        "JSON is served as application/feed+json",
        &[(
            "tests/it/serving_feeds.rs",
            "readers_get_validators_types_and_304",
        )],
    ),
    (
        24,
        "archives: prev-archive, current, fh:archive, lasting [RFC 5005]",
        &[
            (
                HISTORY,
                "every_post_of_5000_is_met_exactly_once_and_a_new_one_touches_its_own_period_only",
            ),
            (
                "src/feeds/archives/tests.rs",
                "a_page_says_whose_it_is_and_what_comes_before",
            ),
        ],
    ),
    (
        25,
        "hub and self in the feed's Link header [WebSub, 4]",
        &[(
            HTTP,
            "browsers_see_feeds_with_their_style_sheet_and_readers_their_types",
        )],
    ),
    (
        26,
        "strong ETag, Last-Modified, 304, codings, HEAD [RFC 9110]",
        &[
            (HTTP, "clients_that_have_it_get_304"),
            (HTTP, "each_coding_has_its_own_tag_and_gets_its_own_304"),
            (HTTP, "head_says_what_get_says"),
        ],
    ),
    (
        27,
        "autodiscovery on pages, OPML of all feeds",
        &[
            (
                "src/feeds/pages/tests.rs",
                "a_feed_page_escapes_texts_and_offers_every_format",
            ),
            (
                "src/feeds/golden_tests.rs",
                "lists_of_feeds_are_these_bytes",
            ),
        ],
    ),
    (
        28,
        "nothing that runs in HTML",
        &[
            ("src/posts/sanitize.rs", "nothing_that_runs_comes_through"),
            ("src/posts/body_tests.rs", "nothing_that_runs_comes_through"),
        ],
    ),
    (
        29,
        "newest first with a stable tie-break, unique ids, future posts wait",
        &[
            (RULES, "the_three_formats_agree_on_ids_and_their_order"),
            (
                "src/catalog/window_tests.rs",
                "a_feed_holds_the_newest_and_whatever_is_young_enough",
            ),
            (STORY, "a_post_from_the_future_comes_out_by_itself"),
        ],
    ),
    (
        30,
        "20 to 50 entries, and a day's worth",
        &[(
            "src/catalog/window_tests.rs",
            "a_feed_holds_the_newest_and_whatever_is_young_enough",
        )],
    ),
    (
        31,
        "written by rename, only when changed; 410 for what was given up; old names go on",
        &[
            (
                "src/publish/tests.rs",
                "a_batch_is_written_once_and_then_left_alone",
            ),
            (
                HTTP,
                "what_is_not_there_is_explained_and_what_was_given_up_is_gone",
            ),
            (
                "tests/it/labels_have_names.rs",
                "old_names_go_on_and_retired_labels_are_gone",
            ),
        ],
    ),
    (
        32,
        "a CSS style sheet and a page, no XSLT",
        &[
            (RULES, "feeds_that_browsers_open_name_a_style_sheet"),
            (
                HTTP,
                "browsers_see_feeds_with_their_style_sheet_and_readers_their_types",
            ),
        ],
    ),
];

#[test]
fn every_rule_has_a_test_and_every_test_exists() {
    let numbers: Vec<u8> = HELD.iter().map(|(number, _, _)| *number).collect();
    assert_eq!(numbers, (1..=32).collect::<Vec<u8>>());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (number, rule, tests) in HELD {
        assert!(!tests.is_empty(), "rule {number} has no test: {rule}");
        for (file, test) in *tests {
            let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
            let found = text.lines().collect::<Vec<_>>();
            let place = found
                .iter()
                .position(|line| line.contains(&format!("fn {test}(")));
            let marked = place.is_some_and(|at| {
                found[at.saturating_sub(2)..at]
                    .iter()
                    .any(|line| line.contains("test"))
            });
            assert!(marked, "rule {number}: no test `{test}` in {file}");
        }
    }
}

#[test]
fn an_id_of_the_authors_own_stays_what_it_is() {
    let world = World::new();
    for (name, guid, id) in [
        ("a", "'tag:old.example,2020:7'", "tag:old.example,2020:7"),
        (
            "b",
            "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a",
            "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a",
        ),
        ("c", "17", "http://news.example.cn/17"),
        ("d", "/old/17", "http://news.example.cn/old/17"),
    ] {
        let post = format!("---\ntitle: {name}\nguid: {guid}\n---\n正文。\n");
        world.post(&format!("2026-11-20-{name}.md"), &post);
        world.run(&["build"], 0);
        assert!(
            world
                .read("public/feed.xml")
                .contains(&format!("<id>{id}</id>")),
            "{id}"
        );
        assert!(
            world
                .read("public/feed.rss")
                .contains(&format!(">{id}</guid>")),
            "{id}"
        );
        assert!(
            world
                .read("public/feed.json")
                .contains(&format!("\"{id}\"")),
            "{id}"
        );
    }
}
