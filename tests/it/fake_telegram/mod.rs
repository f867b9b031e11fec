//! A strict Telegram Bot API on loopback: it refuses what Telegram would refuse.
//!
//! In: requests of the program under test, and world actions and planned faults of a
//! test. Out: answers in Telegram's words, and everything a reader would see. It runs on
//! a thread of its own, so that plain tests can use it. When it is dropped, violations of
//! the protocol and unread messages fail the test.

mod actions;
mod chats;
mod check;
mod entities;
mod faults;
mod html;
mod inline;
mod keyboard;
mod links;
mod listener;
mod messages;
mod multipart;
pub mod pace;
mod reading;
mod refusal;
mod said;
mod server;
mod state;
pub mod table;
mod updates;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use tokio::runtime::{Builder, Runtime};

pub use faults::{Fault, Only};
#[allow(unused_imports, reason = "named by stories still being written")]
pub use state::{Entry, Sent};

use faults::Planned;
use listener::{Loopback, Scissors};
use server::Shared;

/// A canary of a real token's shape: found in any output, it fails the story.
const TOKEN: &str = "123456789:AAcanary-must-never-be_seenanywhere";
/// The half of it that must never be seen.
pub const SECRET: &str = "AAcanary-must-never-be_seenanywhere";

pub struct FakeTelegram {
    shared: Arc<Shared>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl FakeTelegram {
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        shared.lock().token = TOKEN.to_owned();
        let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        socket.set_nonblocking(true).expect("a non-blocking socket");
        let address = socket.local_addr().expect("an address");
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let router = Router::new()
            .fallback(server::serve)
            .with_state(Arc::clone(&shared));
        runtime.spawn(async move {
            let socket = tokio::net::TcpListener::from_std(socket).expect("a listener");
            let service: IntoMakeServiceWithConnectInfo<Router, Scissors> =
                router.into_make_service_with_connect_info();
            let _ = axum::serve(Loopback(socket), service).await;
        });
        Self {
            shared,
            address,
            runtime: Some(runtime),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn token(&self) -> &'static str {
        TOKEN
    }

    /// Plans a fault for the next `count` requests that fit.
    pub fn fail_next(&self, fault: Fault, only: Only, count: usize) {
        assert!(count > 0, "a fault that never strikes");
        let planned = Planned {
            fault,
            only,
            left: count,
        };
        self.shared.lock().faults.push(planned);
    }

    /// Takes back the faults that have not struck.
    pub fn take_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Switches the rate limits off (or on again).
    pub fn without_limits(&self, off: bool) {
        self.shared.lock().pace.off = off;
    }

    /// Lets time pass for the rate limits, with the held clock of the program.
    pub fn pass(&self, time: std::time::Duration) {
        self.shared.lock().ahead += time;
    }

    /// Telegram refuses links whose host has no dot, such as `http://localhost:8080/`, on
    /// buttons and in entities, and drops them from HTML. This forgives them.
    pub fn allow_local_links(&self) {
        self.shared.lock().allow_local_links = true;
    }

    /// A story that cares for other things than what its readers read.
    pub fn forgive_unread(&self) {
        self.shared.lock().forgive_unread = true;
    }

    pub fn assert_token_absent(&self, text: &str) {
        assert_token_absent(text);
    }
}

/// Whether Telegram would take these parameters of `sendMessage` in a private chat; else its words.
pub fn would_take(parameters: &serde_json::Value) -> Result<(), String> {
    let (_, fields) = table::method("sendMessage").ok_or("no such method")?;
    let given = parameters.as_object().cloned().unwrap_or_default();
    let params = check::params(&fields, given, false)?;
    let mut state = state::State::default();
    state.pace.off = true;
    let chat = params["chat_id"].as_i64().unwrap_or(1);
    state.users.insert(
        chat,
        state::User {
            id: chat,
            name: "Li".into(),
            language: "zh-hans".into(),
            started: true,
            met: true,
            blocked: false,
        },
    );
    let place = state::Chat::new(chat, state::Kind::Private, "Li");
    state.chats.insert(chat, place);
    let taken = messages::send(&mut state, &params);
    taken.map(|_| ()).map_err(|refusal| refusal.description)
}

/// Panics, without showing it, when the token or its secret half is in `text`.
pub fn assert_token_absent(text: &str) {
    if let Some(at) = text.find(SECRET) {
        let line = text[..at].lines().count().max(1);
        panic!("the bot token is in the output, line {line}");
    }
}

impl Drop for FakeTelegram {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        if std::thread::panicking() {
            return;
        }
        let complaint = reading::complaint(&self.shared.lock());
        if let Some(folder) = std::env::var_os("TAGWIRE_SAID") {
            said::write(folder.as_ref(), self.port(), &self.shared.lock());
        }
        if let Some(words) = complaint {
            panic!("{words}");
        }
    }
}
