//! What memory and file give back, and what they forget.

use rayon::prelude::*;

use super::*;
use crate::feeds::{Addresses, Article, Entry, EntryView, Settings, Traits, Written};
use crate::model::time::PostTime;
use crate::model::zone::zone;
use crate::model::{DateSource, Label, Post, PostId, Site};
use crate::pipeline::record;

fn entry(id: &str) -> Entry {
    let post = Post {
        id: PostId::new(id),
        path: "posts/甲.md".to_owned(),
        title: "甲".to_owned(),
        published: PostTime::from_parts(1_645_149_701, 8 * 3600).unwrap(),
        date_source: DateSource::FileName,
        updated: PostTime::from_parts(-1, -3600),
        url: format!("{id}.html"),
        categories: vec!["乙".to_owned()],
        tags: vec!["丙".to_owned(), "丁".to_owned()],
        author: Some("戊".to_owned()),
        source: None,
        via: None,
        digest: Some("己".to_owned()),
        excerpt: None,
        image: None,
        html: String::new(),
        text: String::new(),
        match_text: None,
        withdrawn: false,
    };
    Entry {
        post: Arc::new(post),
        summary: "庚".to_owned(),
        topics: vec![("a".to_owned(), "辛".to_owned())],
        names: vec![(Label::tag("丙"), "壬".to_owned())],
    }
}

fn article(id: &str) -> Article<String> {
    let site = Site {
        title: "x".to_owned(),
        url: "https://x.test".to_owned(),
        description: None,
        author: None,
        language: "zh-CN".to_owned(),
        timezone: zone("Asia/Shanghai"),
    };
    let settings = Settings::default();
    let addresses = Addresses::new(&settings, &site).unwrap();
    let entry = entry(id);
    let view = EntryView::new(&addresses, &settings, &entry);
    Article::of(&site, &addresses, &settings, &view, |_| true)
}

pub fn record(id: &str, formats: &[&[u8]]) -> Record {
    let entry = entry(id);
    let written = Written {
        traits: Traits {
            changed: entry.post.published,
            has_source: false,
            has_image: true,
        },
        lengths: formats.iter().map(|bytes| bytes.len()).collect(),
    };
    Record::of(|out| {
        formats
            .iter()
            .for_each(|bytes| out.extend_from_slice(bytes));
        record::end(out, &written, Some(&article(id)));
    })
}

#[test]
fn an_entry_comes_back_as_it_was() {
    let mut entries = Entries::new(Path::new("/nowhere"));
    let put = record("/a", &[b"<item/>", b"", b"{}"]);
    let key = PostKey::for_tests(1);
    entries.put(key, &put);
    assert!(entries.has(&key) && !entries.has(&PostKey::for_tests(2)));
    assert!(entries.get(&PostKey::for_tests(2)).is_none());
    for shown in [entries.get(&key).unwrap(), put.shown().unwrap()] {
        assert_eq!(shown.traits.changed, entry("/a").post.published);
        assert!(shown.traits.has_image && !shown.traits.has_source);
        let formats = [0, 1, 2].map(|number| shown.format(number));
        assert_eq!(formats, [&b"<item/>"[..], b"", b"{}"]);
        assert_eq!(shown.article(), Some(article("/a").borrowed()));
        assert_eq!(shown.format(9), b"");
    }
    let taken = entries.take();
    assert!(taken.get(&key).is_some() && entries.get(&key).is_none());
    entries = taken;
    entries.forget(&key);
    assert!(!entries.has(&key) && entries.get(&key).is_none());
}

/// A record of so many random bytes.
fn noise(seed: u64, length: usize) -> Record {
    let mut dice = fastrand::Rng::with_seed(seed);
    let bytes: Vec<u8> = (0..length).map(|_| dice.u8(..)).collect();
    record(&seed.to_string(), &[&bytes])
}

fn put_all(entries: &mut Entries, put: &[Record]) {
    for (number, record) in put.iter().enumerate() {
        entries.put(PostKey::for_tests(number), record);
    }
}

fn is_there(entries: &Entries, number: usize, put: &Record) -> bool {
    let got = entries.get(&PostKey::for_tests(number));
    if let Some(got) = &got {
        assert_eq!(got.format(0), put.shown().unwrap().format(0));
    }
    got.is_some()
}

#[test]
fn what_memory_has_no_room_for_is_filed_until_the_round_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = Entries::new(folder.path());
    // Two of them fill a chunk, and one is larger than a chunk.
    let mut put: Vec<Record> = (0..79).map(|seed| noise(seed, CHUNK * 2 / 5)).collect();
    put.insert(20, noise(79, CHUNK * 2));
    put_all(&mut entries, &put);
    assert!(entries.bytes <= ROOM && !entries.in_file.is_empty());
    for (at, record) in put.iter().enumerate() {
        assert_eq!(is_there(&entries, at, record), at != 20, "{at}");
    }
    // Of two versions the newer counts, wherever the older is.
    let newer = record("0", &[b"<item/>"]);
    entries.put(PostKey::for_tests(0), &newer);
    assert!(is_there(&entries, 0, &newer));

    entries.end_round();
    assert!(!is_there(&entries, 1, &put[1]));
    // The large one stands in the middle, so that the 79th is the last.
    assert!(is_there(&entries, 79, &put[79]) && is_there(&entries, 0, &newer));
    let mut places = entries.places.values();
    assert!(places.all(|place| entries.chunks.contains_key(&place.chunk)));
    put_all(&mut entries, &put);
    assert!(is_there(&entries, 1, &put[1]));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_full_file_gives_the_oldest_place_to_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = Entries::new(folder.path());
    let record = noise(1, CHUNK / 2 + CHUNK / 4);
    (0..300).for_each(|number| entries.put(PostKey::for_tests(number), &record));
    assert_eq!(entries.in_file.len(), MOST_FILED);
    assert_eq!(entries.places.len(), MOST_FILED + entries.in_memory.len());
    assert_eq!(entries.places.len(), entries.chunks.len());
    let RoundFile::Open(file) = &entries.file else {
        panic!("no file");
    };
    assert!(file.metadata().unwrap().len() <= (MOST_FILED * CHUNK) as u64);
}

#[test]
fn without_a_file_the_oldest_leave() {
    let mut entries = Entries::new(Path::new("/nowhere"));
    let put: Vec<Record> = (0..30).map(|seed| noise(seed, CHUNK)).collect();
    put_all(&mut entries, &put);
    assert!(entries.bytes <= ROOM);
    assert!(!is_there(&entries, 0, &put[0]) && is_there(&entries, 29, &put[29]));
    assert_eq!(entries.places.len(), entries.chunks.len());
}

#[test]
fn what_cores_write_is_had_once_its_chunks_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = Entries::new(folder.path());
    let older = noise(1_000, 9);
    entries.put(PostKey::for_tests(0), &older);
    let open = entries.open();
    let put: Vec<Record> = (0..200).map(|seed| noise(seed, CHUNK / 3)).collect();
    let written: Vec<Option<Place>> = { put.par_iter() }
        .map(|record| open.write(CHUNK / 3, |out| out.extend_from_slice(record.bytes())))
        .collect();
    // While this build goes on, others come and go.
    for (number, place) in written.into_iter().enumerate() {
        entries.relieve(&open);
        entries.keep(PostKey::for_tests(number), Made::Among(place.unwrap()));
    }
    entries.forget(&PostKey::for_tests(7));
    entries.close(open);
    assert!(entries.bytes <= ROOM && !entries.in_file.is_empty());
    for (number, record) in put.iter().enumerate() {
        assert_eq!(is_there(&entries, number, record), number != 7);
    }
    // The last chunk goes on.
    let chunks = entries.chunks.len();
    entries.put(PostKey::for_tests(7), &older);
    assert!(is_there(&entries, 7, &older));
    assert_eq!(entries.chunks.len(), chunks);
}

#[test]
fn long_entries_stand_alone_and_close_no_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = Entries::new(folder.path());
    let open = entries.open();
    let put: Vec<Record> = (0..80)
        .map(|number| noise(number, if number % 2 == 0 { CHUNK * 2 / 3 } else { 100 }))
        .collect();
    for (number, record) in put.iter().enumerate() {
        let about = record.bytes().len();
        let place = open.write(about, |out| out.extend_from_slice(record.bytes()));
        entries.keep(PostKey::for_tests(number), Made::Among(place.unwrap()));
        entries.relieve(&open);
    }
    entries.close(open);
    assert_eq!(entries.chunks.len(), 41);
    for (number, record) in put.iter().enumerate() {
        assert!(is_there(&entries, number, record), "{number}");
    }
}

#[test]
fn memory_of_chunks_that_left_is_kept_for_the_cores_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = Entries::new(folder.path());
    let cores = rayon::current_num_threads();
    let many = ROOM / CHUNK;
    let record = noise(1, CHUNK);
    (0..many).for_each(|number| entries.put(PostKey::for_tests(number), &noise(1, CHUNK / 2 + 1)));
    let open = entries.open();
    // One that asks for the whole room: all others leave.
    let place = open.write(ROOM, |out| out.extend_from_slice(record.bytes()));
    entries.keep(PostKey::for_tests(many), Made::Among(place.unwrap()));
    entries.relieve(&open);
    assert_eq!(entries.in_file.len(), many);
    assert_eq!(lock(&open.spare).len(), cores.min(many));
    entries.close(open);
    assert!(is_there(&entries, many, &record));
}

#[test]
fn entries_are_longer_than_was_thought() {
    let mut entries = Entries::new(Path::new("/nowhere"));
    let open = entries.open();
    let put: Vec<Record> = { [10, CHUNK / 2, 3 * CHUNK, 10].iter() }
        .map(|length| noise(*length as u64, *length))
        .collect();
    for (number, record) in put.iter().enumerate() {
        let place = open.write(10, |out| out.extend_from_slice(record.bytes()));
        entries.keep(PostKey::for_tests(number), Made::Among(place.unwrap()));
    }
    entries.close(open);
    for (number, record) in put.iter().enumerate() {
        assert!(is_there(&entries, number, record));
    }
}

#[test]
fn chunks_of_a_build_that_broke_off_are_nobodys() {
    let mut entries = Entries::new(Path::new("/nowhere"));
    let lost = noise(1, 100);
    let broken = entries.open();
    let place = broken.write(100, |out| out.extend_from_slice(lost.bytes()));
    entries.keep(PostKey::for_tests(1), Made::Among(place.unwrap()));
    drop(broken);
    assert!(!is_there(&entries, 1, &lost) && !entries.has(&PostKey::for_tests(1)));
    // Nor do the next ones take their numbers.
    let next = entries.open();
    let other = noise(2, 100);
    let place = next.write(100, |out| out.extend_from_slice(other.bytes()));
    entries.keep(PostKey::for_tests(2), Made::Among(place.unwrap()));
    entries.close(next);
    assert!(!is_there(&entries, 1, &lost) && is_there(&entries, 2, &other));
    assert_eq!(entries.places.len(), 1);
}
