//! The commands that look: posts, explain, config show.

mod checking;
mod explaining;
mod plainly_said;

use serde_json::Value;

use crate::world::{World, today};

const TOPIC: &str = "title: 市场监管\nthreshold: 1\nany:\n  title: [市场监管]\n";

#[test]
fn posts_shows_what_was_read_as_json_lines() {
    let world = World::new().topic("market", TOPIC);
    world.post(
        "2022-02-18-NW1.md",
        "---\ntitle: 市场监管\ndate: 2022-02-18 10:01:41\ncategories: haidai\ntags: [一, 二]\n---\n> 编辑写下的摘要，说明发生了什么。\n\n正文。\n",
    );
    let out = world.run(&["posts", "--json"], 0);
    let post: Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!(post["path"], "posts/2022-02-18-NW1.md");
    assert_eq!(post["id"], "/haidai/2022/02/18/NW1");
    assert_eq!(post["url"], "/haidai/2022/02/18/NW1.html");
    assert_eq!(post["date"], "2022-02-18T10:01:41+08:00");
    assert_eq!(post["tags"], serde_json::json!(["一", "二"]));
    assert_eq!(post["summary"], "编辑写下的摘要，说明发生了什么。");
    assert_eq!(post["topics"], serde_json::json!(["market"]));
    // Jekyll's reading of a date without an offset, on request.
    let out = world.run(&["posts", "--json", "--set", "dates.naive=utc"], 0);
    let post: Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!(post["date"], "2022-02-18T18:01:41+08:00");
}

#[test]
fn a_script_reads_why_a_command_failed() {
    let world = World::new();
    for (arguments, code, words) in [
        (
            &["build", "--set", "posts.dri=x"][..],
            2,
            "did you mean `dir`?",
        ),
        (&["build", "--set", "publish.dir=posts.md/x"], 4, "posts.md"),
        (&["posts", "--set", "dates.naive=x"], 2, "dates.naive"),
        (
            &["deliveries", "--set", "posts.dri=x"],
            2,
            "did you mean `dir`?",
        ),
    ] {
        world.write("posts.md", "a file where a folder should be");
        let said = world.run(&[arguments, &["--json"]].concat(), code);
        let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(last["code"], code, "{said}");
        let error = last["error"].as_str().unwrap();
        assert!(error.contains(words), "{words} in {error}");
        // Without it, the words are for people alone.
        assert_eq!(world.run(arguments, code), "");
    }
}

#[test]
fn words_that_cannot_be_written_are_an_error_and_a_reader_that_stops_is_none() {
    let world = World::new().topic("market", TOPIC);
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    for arguments in [
        &["build", "--json"][..],
        &["build"],
        &["once"],
        &["topic", "list"],
        &["topic", "export", "market"],
        &["topic", "schema"],
        &["config", "show"],
        &["posts"],
        &["posts", "--json"],
        &["check"],
    ] {
        if matches!(arguments, ["posts", ..]) {
            world.post("2026-11-20-a.md", &today("要闻", "demo", "演示", "正文。"));
        }
        let mut command = world.command(arguments);
        // An error is told by its code also where its words go to the same full disk.
        let both = command
            .stdout(full.try_clone().unwrap())
            .stderr(full.try_clone().unwrap());
        assert_eq!(both.status().unwrap().code(), Some(4), "{arguments:?}");
        let mut command = world.command(arguments);
        let output = command.stdout(full.try_clone().unwrap()).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{arguments:?}: {words}");
        assert!(
            words.contains("cannot be written to standard output"),
            "{words}"
        );
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = world.command(arguments).stdout(writer).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn what_once_tells_scripts_is_not_mixed_with_messages() {
    let world = World::new();
    world.run(&["once"], 0);
    world.post("2026-11-20-a.md", &today("要闻", "demo", "演示", "正文。"));
    let output = world.command(&["once", "--json"]).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    for line in out.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    assert!(out.contains("\"announced\":1"), "{out}");
    assert!(err.contains("message to @terminal"), "{err}");
}

#[test]
fn explain_says_how_a_post_was_read_what_matched_and_who_got_it() {
    let world = World::new().topic("market", TOPIC);
    world.run(&["once"], 0);
    world.post(
        "2026-11-20-a.md",
        &today("市场监管要闻", "demo", "演示", "正文。"),
    );
    let said = world.run(&["once"], 0);
    assert!(said.contains("1 post announced in 1 message,"), "{said}");
    assert!(said.contains("message to @terminal"), "{said}");
    let text = world.run(&["explain", "市场监管要闻"], 0);
    for words in [
        "market (市场监管): matches",
        "市场监管 in title +2.00",
        "decision   announced",
        "delivery   @terminal sent",
        ", follows site",
        "(from the front matter)",
    ] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    let json: Value =
        serde_json::from_str(&world.run(&["explain", "--json", "posts/2026-11-20-a.md"], 0))
            .unwrap();
    assert_eq!(json["topics"][0]["matched"], true);
    assert_eq!(json["deliveries"][0]["state"], "sent");
    assert_eq!(json["chats"][0]["follows"], serde_json::json!(["site"]));
    world.run_err(&["explain", "没有这篇"], 1);
    let said = world.run_err(&["explain", ""], 1);
    assert!(said.contains("no post is meant by ``"), "{said}");
}

#[test]
fn an_address_to_listen_at_is_checked_before_it_is_needed() {
    let world = World::new();
    for wrong in [
        "nonsense",
        "127.0.0.1",
        ":8080",
        "127.0.0.1:80800",
        "::1:8080",
    ] {
        let set = format!("http.listen={wrong}");
        let said = world.run_err(&["run", "--set", &set], 2);
        assert!(said.contains("write one like 127.0.0.1:8080"), "{said}");
        let said = world.run(&["doctor", "--set", &set], 1);
        assert!(said.contains("http.listen"), "{said}");
    }
    for right in ["127.0.0.1:8080", "'[::1]:8080'", "localhost:8080", ""] {
        world.run(&["build", "--set", &format!("http.listen={right}")], 0);
    }
}

#[test]
fn explain_names_the_stage_at_which_a_post_stopped() {
    let near = "title: 近\nthreshold: 3\nany:\n  title: [要闻]\n";
    let world = World::new().topic("market", TOPIC).topic("near", near);
    world.post(
        "2026-11-20-a.md",
        &today("市场监管要闻", "demo", "演示", "正文。"),
    );
    let explain = |post: &str| world.run(&["explain", post], 0);
    let text = explain("posts/2026-11-20-a.md");
    assert!(text.contains("stopped    not decided about yet"), "{text}");
    assert!(
        text.contains("near (近): near miss, score 2.00 of 3.00, lacks 1.00"),
        "{text}"
    );
    world.run(&["once"], 0);
    let text = explain("posts/2026-11-20-a.md");
    assert!(
        text.contains("no message @terminal: the post was there before the first start"),
        "{text}"
    );
    world.post(
        "2020-01-01-b.md",
        "---\ntitle: 旧闻\ndate: 2020-01-01 08:00:00 +0800\n---\n正文。\n",
    );
    world.run(&["once"], 0);
    let text = explain("旧闻");
    assert!(
        text.contains("no message @terminal: the post is held: dated 2020"),
        "{text}"
    );
    assert!(
        text.contains("topic      no word of market, near"),
        "{text}"
    );
    world.post(
        "2026-11-20-c.md",
        "---\ntitle: 撤回\npublished: false\n---\n正文。\n",
    );
    let text = explain("posts/2026-11-20-c.md");
    assert!(text.contains("stopped    withdrawn"), "{text}");
    let json: Value = serde_json::from_str(&world.run(&["explain", "--json", "旧闻"], 0)).unwrap();
    assert_eq!(json["chats"][0]["state"], Value::Null);
    assert!(
        json["chats"][0]["stopped"]
            .as_str()
            .unwrap()
            .contains("held")
    );
    assert_eq!(json["topics"][0]["lacks"], Value::Null);
}

#[test]
fn the_first_start_announces_nothing_old_and_floods_and_old_posts_wait_for_a_word() {
    let world = World::new();
    world.post(
        "2026-11-20-a.md",
        &today("早就有的", "demo", "演示", "正文。"),
    );
    let said = world.run(&["once"], 0);
    assert!(
        said.contains("0 posts announced") && said.contains("1 taken note of"),
        "{said}"
    );
    world.post(
        "2022-02-18-old.md",
        "---\ntitle: 旧文\ndate: 2022-02-18 10:01:41 +0800\n---\n正文。\n",
    );
    let said = world.run(&["once"], 0);
    assert!(
        said.contains("0 posts announced") && said.contains("1 held"),
        "{said}"
    );
    assert!(world.run(&["held"], 0).contains("旧文"));
    world.run(&["held", "announce"], 0);
    assert!(world.run(&["once"], 0).contains("旧文"));
    for number in 0..3 {
        world.post(
            &format!("2026-11-20-b{number}.md"),
            &today("一批", "demo", "演示", "正文。"),
        );
    }
    let said = world.run(&["once", "--set", "delivery.burst_limit=2"], 0);
    assert!(said.contains("3 held"), "{said}");
    world.run(&["held", "dismiss"], 0);
    let said = world.run(&["once"], 0);
    assert!(!said.contains("message to"), "{said}");
    // Deleting the derived half makes nothing new.
    std::fs::remove_file(world.path("var/catalog.db")).unwrap();
    let said = world.run(&["once"], 0);
    assert!(
        said.contains("0 posts announced in 0 messages, 0 held"),
        "{said}"
    );
}

#[test]
fn config_show_has_the_settings_in_force_and_no_secret() {
    let world = World::new()
        .with_telegram()
        .with_env("TAGWIRE__FEEDS__LIMIT", "7");
    let shown = world.run(&["config", "show", "--set", "summary.budget=90"], 0);
    assert!(
        shown.contains("limit: 7") && shown.contains("budget: 90"),
        "{shown}"
    );
    assert!(!shown.contains(world.telegram().token()));
}

#[test]
fn scripts_read_progress_and_result() {
    let world = World::new();
    world.post(
        "2026-11-20-a.md",
        &today("甲", "demo", "标签", "正文第一段。"),
    );
    let output = world.run(&["build", "--json"], 0);
    let lines: Vec<serde_json::Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (result, progress) = lines.split_last().unwrap();
    assert_eq!(result["added"], 1);
    assert_eq!(result["failed"], 0);
    let read = serde_json::json!({"step": "reading posts", "done": 1, "total": 1});
    assert!(progress.contains(&read), "{output}");
    let output = world.run(&["once", "--json"], 0);
    let last: serde_json::Value = serde_json::from_str(output.lines().last().unwrap()).unwrap();
    assert_eq!(last["announced"], 0, "{output}");
}

#[test]
fn a_wrong_value_is_told_in_words_and_by_who_gave_it() {
    let world = World::new();
    let said = world.run_err(&["build", "--set", "feeds.limit=abc"], 2);
    let words = "this must be a whole number from 0 on, not \"abc\" (given by --set feeds.limit)";
    assert!(said.contains(words), "{said}");
    let world = world.with_env("TAGWIRE__FEEDS__FORMATS", "[rsss]");
    let said = world.run_err(&["build"], 2);
    let words = "`rsss` is none of `atom`, `rss`, `json` (given by TAGWIRE__FEEDS__FORMATS)";
    assert!(said.contains(words), "{said}");
    let world = World::new().config("feeds: {pages: maybe}\n");
    let said = world.run_err(&["build"], 2);
    assert!(
        said.contains("this must be `true` or `false`, not \"maybe\""),
        "{said}"
    );
    assert!(said.contains("tagwire.yaml:3"), "{said}");
}

#[test]
fn a_variable_that_is_no_text_is_no_panic() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let world = World::new();
    let run = |name: &str| {
        let mut command = world.command(&["build"]);
        command.env(name, OsStr::from_bytes(b"\xff"));
        command.output().unwrap()
    };
    assert!(run("SOMETHING").status.success());
    let wrong = run("TAGWIRE__SITE__TITLE");
    assert_eq!(wrong.status.code(), Some(2));
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(
        said.contains("TAGWIRE__SITE__TITLE: write it in UTF-8"),
        "{said}"
    );
}

#[test]
fn without_any_folder_of_posts_nothing_is_published_and_the_code_says_so() {
    let world = World::new();
    for command in ["build", "once"] {
        let arguments = [command, "--set", "posts.dir=[nowhere, nor-here]", "--json"];
        let said = world.run(&arguments, 2);
        let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(last["code"], 2);
        let error = last["error"].as_str().unwrap();
        assert!(
            error.contains("`posts.dir`") && error.contains("nowhere, nor-here"),
            "{error}"
        );
    }
    assert!(!world.path("public/feed.xml").exists());
    // One that is there is enough, though it is empty.
    world.run(&["build", "--set", "posts.dir=[nowhere, posts]"], 0);
    assert!(world.path("public/feed.xml").exists());
}
