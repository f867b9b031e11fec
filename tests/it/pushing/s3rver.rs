//! A real S3 server: npm's s3rver. It refuses unknown keys; of signatures it reads version 4's form only.
//! In: a folder for its objects. Out: those objects, and what was asked of it. `tests/judges/install`
//! brings it; without it the stories of buckets say so and end.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime};

const DEADLINE: Duration = Duration::from_secs(60);
/// The keys that it takes.
pub const KEY: &str = "S3RVER";

pub struct S3rver {
    program: PathBuf,
    objects: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
    log: Arc<(Mutex<String>, Condvar)>,
}

impl S3rver {
    /// A bucket `news` on a server of its own, or nothing where the program is not installed.
    pub fn start() -> Option<Self> {
        let mut server = S3rver {
            program: installed()?,
            objects: tempfile::tempdir().unwrap(),
            port: 0,
            child: None,
            log: Arc::default(),
        };
        // A free port may be another test's before it listens.
        for _ in 0..5 {
            let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
            server.port = address.unwrap().port();
            if server.try_to_resume() {
                return Some(server);
            }
        }
        panic!("s3rver did not start");
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts it again, and waits until it listens.
    pub fn resume(&mut self) {
        assert!(self.try_to_resume(), "s3rver did not start");
    }

    fn try_to_resume(&mut self) -> bool {
        let mut child = Command::new("node")
            .arg(&self.program)
            .arg("-d")
            .arg(self.objects.path())
            .args(["-a", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["--configure-bucket", "news"])
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening") {
            line.clear();
            if lines.read_line(&mut line).unwrap() == 0 {
                child.wait().unwrap();
                return false;
            }
        }
        let log = self.log.clone();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut text = log.0.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
                log.1.notify_all();
            }
        });
        self.child = Some(child);
        true
    }

    /// Ends it; its objects stay.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// An object's bytes as text.
    pub fn object(&self, key: &str) -> Option<String> {
        std::fs::read_to_string(self.file(key, "object")).ok()
    }

    /// Type and cache lifetime of an object.
    pub fn metadata(&self, key: &str) -> serde_json::Value {
        let text = std::fs::read_to_string(self.file(key, "metadata.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn file(&self, key: &str, what: &str) -> PathBuf {
        let bucket = self.objects.path().join("news");
        bucket.join(format!("{key}._S3rver_{what}"))
    }

    /// Waits until an object is as wished for.
    pub fn wait_for(&self, key: &str, wish: impl Fn(Option<&str>) -> bool) {
        let start = Instant::now();
        while !wish(self.object(key).as_deref()) {
            let late = start.elapsed() > DEADLINE;
            assert!(!late, "{key} never was as wished for:\n{}", self.log());
            std::thread::yield_now();
        }
    }

    /// What was asked, a request a line.
    pub fn log(&self) -> String {
        self.log.0.lock().unwrap().clone()
    }

    /// Waits until it has said that it stored this object so many times; all that it said.
    pub fn wait_for_stored(&self, key: &str, times: usize) -> String {
        let start = Instant::now();
        let words = format!("Stored object \"{key}\"");
        let mut log = self.log.0.lock().unwrap();
        while log.matches(&words).count() < times {
            let left = DEADLINE.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "{key} was not stored so often:\n{log}");
            log = self.log.1.wait_timeout(log, left).unwrap().0;
        }
        log.clone()
    }

    /// When each object was written.
    pub fn times(&self) -> BTreeMap<PathBuf, SystemTime> {
        let files = walkdir::WalkDir::new(self.objects.path()).into_iter();
        let files = files.flatten().map(|entry| entry.into_path());
        let objects = files.filter(|path| path.to_string_lossy().ends_with("_S3rver_object"));
        let time = |path: &PathBuf| std::fs::metadata(path).unwrap().modified().unwrap();
        objects.map(|path| (path.clone(), time(&path))).collect()
    }
}

impl Drop for S3rver {
    fn drop(&mut self) {
        self.stop();
    }
}

fn installed() -> Option<PathBuf> {
    let cache = || {
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        Some(cache.or_else(home)?.join("tagwire-judges"))
    };
    let tools = std::env::var_os("TAGWIRE_JUDGES").map(PathBuf::from);
    let program = tools.or_else(cache)?;
    let program = program.join("node_modules/s3rver/bin/s3rver.js");
    if program.exists() {
        return Some(program);
    }
    eprintln!(
        "SKIPPED: {} is not there; tests/judges/install brings it",
        program.display()
    );
    None
}
