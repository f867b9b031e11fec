//! Compressed copies beside the files.

use std::io::Read;

use crate::world::{World, today};

const BOTH: &str = "publish: {compress: [gzip, br]}\n";

fn unpacked(world: &World, name: &str) -> (String, String) {
    let bytes =
        |ending: &str| std::fs::read(world.path(&format!("public/{name}{ending}"))).unwrap();
    let (mut gzip, mut br) = (String::new(), Vec::new());
    flate2::read::GzDecoder::new(bytes(".gz").as_slice())
        .read_to_string(&mut gzip)
        .unwrap();
    brotli::BrotliDecompress(&mut bytes(".br").as_slice(), &mut br).unwrap();
    (gzip, String::from_utf8(br).unwrap())
}

#[test]
fn copies_say_what_their_files_say_and_are_what_the_server_sends() {
    let world = World::new().config(BOTH);
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let daemon = world.start();
    world.post(
        "2026-11-20-b.md",
        &today("乙的新闻", "demo", "演示", "正文。"),
    );
    daemon.wait_for("/feed/demo.xml", |answer| {
        answer.text().contains("乙的新闻")
    });
    for name in ["feed/demo.xml", "feed.json", "index.html", "feeds.opml"] {
        let text = world.read(&format!("public/{name}"));
        assert_eq!(unpacked(&world, name), (text.clone(), text), "{name}");
    }
    for (coding, ending) in [("gzip", ".gz"), ("br", ".br")] {
        let answer = daemon.request("GET", "/feed/demo.xml", &[("Accept-Encoding", coding)]);
        assert_eq!(answer.header("content-encoding"), Some(coding));
        let copy = std::fs::read(world.path(&format!("public/feed/demo.xml{ending}"))).unwrap();
        assert_eq!(answer.body, copy);
    }
}

#[test]
fn copies_go_when_they_are_not_asked_for_any_more() {
    let world = World::new().config(BOTH);
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    world.run(&["build"], 0);
    assert!(world.path("public/feed/demo.xml.gz").exists());
    world.run(&["build", "--set", "publish.compress=[br]"], 0);
    assert!(!world.path("public/feed/demo.xml.gz").exists());
    assert!(world.path("public/feed/demo.xml.br").exists());
    world.run(&["build", "--set", "publish.compress=[]"], 0);
    let left: Vec<_> = walkdir::WalkDir::new(world.path("public"))
        .into_iter()
        .flatten()
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|end| end == "gz" || end == "br")
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(world.read("public/feed/demo.xml").contains('甲'));
}

#[test]
fn nothing_is_written_again_when_nothing_changed() {
    let world = World::new().config(BOTH);
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    world.run(&["build"], 0);
    let again = world.run(&["build"], 0);
    assert!(again.contains(" 0 files written"), "{again}");
    // The index is gone, the files are there: the same bytes, so the same copies.
    std::fs::remove_dir_all(world.path("var")).unwrap();
    let forgotten = world.run(&["build"], 0);
    assert!(forgotten.contains(" 0 files written"), "{forgotten}");
}
