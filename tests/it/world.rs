//! The world of a story: a folder with posts and config, the real program, perhaps a fake Telegram.
//! In: what a user would do. Out: what a user would see. When it ends, everything that the program ever
//! wrote is searched for the bot token.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tagwire::model::Zone;
use tagwire::model::time::in_zone;

use crate::fake_telegram::{FakeTelegram, assert_token_absent};
use crate::http::{self, Answer};

/// Long enough for a busy machine; a story that works never waits for it.
pub const DEADLINE: Duration = Duration::from_secs(60);

pub struct World {
    folder: tempfile::TempDir,
    telegram: Option<FakeTelegram>,
    environment: Vec<(String, String)>,
}

impl World {
    /// A folder with empty `posts/` and `config/topics/`, and a config for tests.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["posts", "config/topics"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let world = World {
            folder,
            telegram: None,
            environment: Vec::new(),
        };
        world.config("")
    }

    /// A bot token and a fake Telegram that knows it.
    pub fn with_telegram(mut self) -> Self {
        self.telegram = Some(FakeTelegram::start());
        self
    }

    /// Sets an environment variable of the program.
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn telegram(&self) -> &FakeTelegram {
        self.telegram.as_ref().expect("a world with_telegram()")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds keys to the config for tests.
    pub fn config(self, more: &str) -> Self {
        let base = "site: {title: 测试新闻, url: 'http://news.example.cn'}\nhttp: {listen: '127.0.0.1:0'}\n";
        self.write("config/tagwire.yaml", &format!("{base}{more}"));
        self
    }

    pub fn topic(self, name: &str, yaml: &str) -> Self {
        self.write(&format!("config/topics/{name}.yaml"), yaml);
        self
    }

    /// Writes a post as careful programs do: under another name first.
    pub fn post(&self, name: &str, content: &str) {
        let temp = self.path("posts/.being-written");
        std::fs::write(&temp, content).unwrap();
        std::fs::rename(temp, self.path("posts").join(name)).unwrap();
    }

    pub fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub fn delete(&self, name: &str) {
        std::fs::remove_file(self.path(name)).unwrap();
    }

    /// The program in this world, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tagwire"));
        command
            .current_dir(self.folder.path())
            .env_remove("TAGWIRE_CONFIG")
            .env_remove("TAGWIRE_TELEGRAM_TOKEN")
            .env("RUST_LOG", "warn,tagwire=debug")
            .args(arguments);
        if let Some(telegram) = &self.telegram {
            command
                .env("TAGWIRE_TELEGRAM_TOKEN", telegram.token())
                .env("TAGWIRE__TELEGRAM__API_URL", telegram.url())
                .env("TAGWIRE__TELEGRAM__POLL_SECONDS", "5");
        }
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        command
    }

    /// The program below another one, which gets it as its last arguments.
    pub fn command_below(&self, mut outer: Command, arguments: &[&str]) -> Command {
        let plain = self.command(arguments);
        outer.arg(plain.get_program()).args(plain.get_args());
        outer.current_dir(self.folder.path());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => outer.env(name, value),
                None => outer.env_remove(name),
            };
        }
        outer
    }

    /// The daemon in namespaces of its own (`unshare`'s flags), in which a script ran before; nothing where the
    /// system does not permit that.
    pub fn start_apart(&self, flags: &str, script: &str) -> Option<Daemon> {
        let mut permitted = Command::new("unshare");
        permitted.args([flags, "sh", "-c", script]);
        permitted
            .current_dir(self.folder.path())
            .stderr(Stdio::null());
        if !permitted.status().is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: no namespaces here in which to do this: {script}");
            return None;
        }
        let mut outer = Command::new("unshare");
        outer.args([flags, "sh", "-c", &format!("{script} && exec \"$@\""), "sh"]);
        Some(self.start_with(self.command_below(outer, &["run"])))
    }

    /// Runs to the end; the exit code must be `code`. Standard output.
    pub fn run(&self, arguments: &[&str], code: i32) -> String {
        let output = self.output(arguments);
        let (out, err) = texts(&output);
        assert_eq!(
            output.status.code(),
            Some(code),
            "tagwire {arguments:?}\n{out}\n{err}"
        );
        out
    }

    /// Runs to the end; the exit code must be `code`. Standard error.
    pub fn run_err(&self, arguments: &[&str], code: i32) -> String {
        let output = self.output(arguments);
        let (out, err) = texts(&output);
        assert_eq!(
            output.status.code(),
            Some(code),
            "tagwire {arguments:?}\n{out}\n{err}"
        );
        err
    }

    fn output(&self, arguments: &[&str]) -> Output {
        let output = self
            .command(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let (out, err) = texts(&output);
        assert_token_absent(&out);
        assert_token_absent(&err);
        output
    }

    /// Waits until so many alerts are recorded as sent, and `open` wait. What a reader sees a moment earlier is not
    /// recorded yet, and a kill in that moment would leave the message's fate unknown.
    pub fn settled_but(&self, sent: i64, open: i64) {
        let store = rusqlite::Connection::open(self.path("var/store.db")).unwrap();
        store.busy_timeout(DEADLINE).unwrap();
        let end = Instant::now() + DEADLINE;
        let sql =
            "select count(*) filter (where state = 'sent'), count(*) filter (where state = 'pending'),
                          count(*) filter (where state = 'sending')
                   from outbox where kind = 'alert'";
        loop {
            let now: (i64, i64, i64) = store
                .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .unwrap();
            if now == (sent, open, 0) {
                return;
            }
            assert!(Instant::now() < end, "the outbox never settled: {now:?}");
            std::thread::yield_now();
        }
    }

    pub fn settled(&self, sent: i64) {
        self.settled_but(sent, 0);
    }

    /// Starts `tagwire run` and waits until it greets, which is after the first look at the posts.
    pub fn start(&self) -> Daemon {
        self.start_with(self.command(&["run"]))
    }

    /// Starts `tagwire run` by a command of one's own, perhaps through another program.
    pub fn start_with(&self, mut command: Command) -> Daemon {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Said::default());
        listen(child.stdout.take().unwrap(), &said);
        listen(child.stderr.take().unwrap(), &said);
        let mut daemon = Daemon {
            child,
            said,
            port: 0,
        };
        let greeting = daemon.wait_for_output("try next: drop a post");
        let after = greeting
            .split("feeds at http://127.0.0.1:")
            .nth(1)
            .expect("an address");
        daemon.port = after
            .split('/')
            .next()
            .and_then(|port| port.parse().ok())
            .expect("a port");
        daemon
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for entry in walkdir::WalkDir::new(self.folder.path())
            .into_iter()
            .flatten()
        {
            if let Ok(bytes) = std::fs::read(entry.path()) {
                assert_token_absent(&String::from_utf8_lossy(&bytes));
            }
        }
    }
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Everything that a running program said so far.
#[derive(Default)]
struct Said {
    text: Mutex<String>,
    more: Condvar,
}

fn listen(pipe: impl std::io::Read + Send + 'static, said: &Arc<Said>) {
    let said = said.clone();
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            said.text
                .lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(&line));
            said.more.notify_all();
            line.clear();
        }
    });
}

/// The running program.
pub struct Daemon {
    child: Child,
    said: Arc<Said>,
    port: u16,
}

impl Daemon {
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[])
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        http::request_with(self.port, "POST", path, headers, body).unwrap()
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        http::request(self.port, method, path, headers).unwrap()
    }

    /// Asks for a path until the answer is as wished for.
    pub fn wait_for(&self, path: &str, wish: impl Fn(&Answer) -> bool) -> Answer {
        let start = Instant::now();
        loop {
            let answer = self.get(path);
            if wish(&answer) {
                return answer;
            }
            let text = answer.text();
            assert!(
                start.elapsed() < DEADLINE,
                "{path} never came out as wished:\n{text}\n{}",
                self.output()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the program has said this; everything that it said.
    pub fn wait_for_output(&self, words: &str) -> String {
        let start = Instant::now();
        let mut text = self.said.text.lock().unwrap();
        while !text.contains(words) {
            let left = DEADLINE.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "never said `{words}`:\n{text}");
            text = self.said.more.wait_timeout(text, left).unwrap().0;
        }
        text.clone()
    }

    /// What anybody may ask of the server, whatever happened before.
    fn pages_hold_no_secret(&self) {
        for path in ["/", "/feed.xml", "/healthz", "/metrics", "/no-such-page"] {
            if let Ok(answer) = http::request(self.port, "GET", path, &[]) {
                assert_token_absent(&answer.text());
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn output(&self) -> String {
        self.said.text.lock().unwrap().clone()
    }

    /// kill -9.
    pub fn kill9(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and a clean end.
    pub fn terminate(mut self) -> ExitStatus {
        self.pages_hold_no_secret();
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            assert_token_absent(&self.output());
        }
    }
}

/// So many seconds from now, as front matter writes it.
fn date_in(seconds: i64) -> String {
    let at = chrono::Utc::now() + chrono::TimeDelta::seconds(seconds);
    let at = at.with_timezone(&chrono::FixedOffset::east_opt(8 * 3600).unwrap());
    at.format("%Y-%m-%d %H:%M:%S %z").to_string()
}

/// A post dated so many seconds from now.
pub fn dated(title: &str, seconds: i64) -> String {
    let date = date_in(seconds);
    format!("---\ntitle: {title}\ndate: {date}\n---\n正文。\n")
}

/// A post of today, so that it is announced.
pub fn today(title: &str, category: &str, tag: &str, body: &str) -> String {
    let date = date_in(0);
    format!("---\ntitle: {title}\ndate: {date}\ncategories: {category}\ntags: {tag}\n---\n{body}\n")
}

/// The zone that the config names when it names none.
pub fn shanghai() -> Zone {
    "Asia/Shanghai".parse().unwrap()
}

/// An hour of the day that is far away, as the config writes it.
pub fn far_hour() -> u32 {
    let now = in_zone(chrono::Utc::now(), shanghai());
    (chrono::Timelike::hour(&now) + 12) % 24
}
