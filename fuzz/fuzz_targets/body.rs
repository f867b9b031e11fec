//! Any text as the body of a post, as Markdown and as HTML.
#![no_main]

mod checks;

libfuzzer_sys::fuzz_target!(|body: &str| {
    let file = format!("---\ntitle: x\n---\n{body}");
    checks::check("posts/2022-02-18-a.md", file.as_bytes());
    checks::check("posts/2022-02-18-a.html", file.as_bytes());
});
