//! Answers that are none, and connections that break at every stage.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tagwire::delivery::Step;
use tagwire::model::ChatId;
use tagwire::telegram::{Leaving, Message, Outcome, Outlet};
use tokio::sync::oneshot;

use crate::fake_telegram::{Fault, Only};

use super::rig::{HOUR, MINUTE, Rig, SECOND};
use super::wire::{Break, Wire};

/// A page as gateways show it.
fn page(code: u16) -> Fault {
    Fault::ServerError {
        code,
        html: Some("<html><h1>502 Bad Gateway</h1></html>".into()),
    }
}

/// Each post is a message of its own, however many wait.
const NO_DIGESTS: &str = "delivery: {fold_above: 0, fold_late_above: 0}\n";

/// For stories that wait for what never comes. In others a busy machine may need its time.
const IMPATIENT: &str = "telegram: {send_timeout_seconds: 1}\n";

#[test]
fn a_connection_may_break_at_every_byte_of_a_send() {
    let wire: Arc<std::sync::OnceLock<Wire>> = Arc::default();
    let laid = wire.clone();
    let lay = move |telegram: &crate::fake_telegram::FakeTelegram| {
        laid.get_or_init(|| Wire::to(telegram.port())).url()
    };
    let mut rig = Rig::behind(Some(&lay), IMPATIENT);
    let wire = wire.get().unwrap();
    rig.readers(&[1, 2]);
    let stages = [0, 1, 20, 120, 200, 300, 400].map(Break::Request);
    let stages = stages
        .into_iter()
        .chain([0, 1, 20, 90, 150, 200, 300].map(Break::Answer));
    let stages: Vec<Break> = stages.chain([Break::Silence]).collect();
    for (round, stage) in stages.iter().enumerate() {
        wire.break_next(*stage);
        rig.announce(1);
        rig.work_off();
        assert!(wire.broke(), "{stage:?} never happened");
        let came: Vec<usize> = [1, 2]
            .map(|chat| {
                rig.told(chat)
                    .iter()
                    .filter(|number| **number == round + 1)
                    .count()
            })
            .into();
        // What breaks before the request is whole was never accepted; whatever breaks later was.
        let most = match stage {
            Break::Request(_) => 2,
            _ => 3,
        };
        assert!(
            (2..=most).contains(&came.iter().sum::<usize>()),
            "{stage:?}: {came:?}"
        );
    }
    // The fake complains about half requests; nobody else can have made them.
    rig.telegram().take_violations();
    let doubled = rig.arrived(&[1, 2], 1..=stages.len());
    let unknown = rig.rows(None).iter().filter(|row| row.unknowns > 0).count();
    assert!(
        doubled <= unknown && unknown <= stages.len(),
        "{doubled} of {unknown}"
    );
    assert_eq!(
        doubled, 8,
        "each answer that broke off was of a message that arrived"
    );
}

#[test]
fn a_storm_of_server_errors_uses_up_nobodys_second_copy() {
    let chats: Vec<i64> = (1..=30).collect();
    let mut rig = Rig::new();
    rig.readers(&chats);
    rig.telegram().fail_next(page(502), Only::any(), 2);
    rig.telegram().fail_next(Fault::DOWN, Only::any(), 1);
    rig.telegram().fail_next(page(504), Only::any(), 1);
    rig.announce(2);
    rig.pass(3 * HOUR);
    assert_eq!(rig.rows(Some("pending")).len(), 0);
    assert_eq!(rig.arrived(&chats, 1..=2), 0);
    let unknown = rig.rows(Some("unknown")).len();
    assert_eq!(unknown, 0, "no row was given up");
}

#[test]
fn a_server_error_is_no_sign_of_health_in_json_either() {
    let mut rig = Rig::new();
    rig.readers(&[1, 2]);
    let sends = Only::method("sendMessage");
    rig.telegram().fail_next(page(502), sends, 1);
    rig.telegram()
        .fail_next(Fault::DOWN, Only::method("getMe"), 5);
    rig.announce(1);
    rig.pass(20 * SECOND);
    assert_eq!(rig.tries(1) + rig.tries(2), 1);
    rig.work_off();
    assert_eq!(rig.arrived(&[1, 2], 1..=1), 0);
}

#[test]
fn when_only_sending_fails_the_waits_grow_and_few_messages_are_given_up() {
    for readers in [1, 2, 5, 30] {
        let chats: Vec<i64> = (1..=readers).collect();
        let mut rig = Rig::behind(None, NO_DIGESTS);
        rig.readers(&chats);
        rig.telegram()
            .fail_next(page(502), Only::method("sendMessage"), usize::MAX);
        for _ in 0..10 {
            rig.announce(3);
            rig.pass(MINUTE);
        }
        let given_up = rig.rows(Some("unknown")).len();
        assert!((1..20).contains(&given_up), "{readers}: {given_up}");
        // It is over.
        rig.telegram().take_faults();
        rig.work_off();
        let unknown = rig.rows(Some("unknown")).len();
        assert_eq!(unknown, given_up, "{readers}");
    }
}

#[test]
fn chats_to_which_nothing_can_be_sent_hold_no_other_up() {
    let broken: Vec<i64> = (1..=12).collect();
    let mut rig = Rig::behind(None, NO_DIGESTS);
    rig.readers(&broken);
    rig.readers(&[13]);
    for chat in &broken {
        let sends = Only::chat(*chat).and_method("sendMessage");
        rig.telegram().fail_next(Fault::DOWN, sends, usize::MAX);
    }
    rig.announce(1);
    // A quiet hour, in which nothing but what fails is tried.
    rig.pass(HOUR);
    for post in 2..=10 {
        rig.announce(1);
        rig.pass(5 * SECOND);
        assert_eq!(rig.told(13).last(), Some(&post));
        rig.pass(MINUTE);
    }
    assert!(broken.iter().all(|chat| rig.told(*chat).is_empty()));
    rig.telegram().take_faults();
    rig.work_off();
    let chats: Vec<i64> = (1..=13).collect();
    assert_eq!(rig.arrived(&chats, 1..=10), 0);
}

/// Answers a chat when the test says so, and is always well.
struct Slow(Mutex<BTreeMap<ChatId, oneshot::Receiver<Outcome>>>);

#[async_trait]
impl Outlet for Slow {
    async fn send(&self, chat: &ChatId, _: &Message, _: &Leaving) -> Outcome {
        let answer = self.0.lock().unwrap().remove(chat);
        answer.expect("one message a chat").await.unwrap()
    }

    async fn edit(&self, _: &ChatId, _: i64, _: &Message) -> Outcome {
        panic!("nothing was changed")
    }

    async fn delete(&self, _: &ChatId, _: i64) -> Outcome {
        panic!("nothing was withdrawn")
    }

    async fn is_well(&self) -> bool {
        true
    }
}

#[test]
fn failures_that_come_late_are_counted_and_an_answer_ends_the_wait() {
    let chats: Vec<i64> = (1..=9).collect();
    let mut rig = Rig::behind(None, NO_DIGESTS);
    rig.readers(&chats);
    rig.announce(1);
    let (mut answers, mut asked) = (BTreeMap::new(), BTreeMap::new());
    for chat in chats {
        let (answer, question) = oneshot::channel();
        answers.insert(chat, answer);
        asked.insert(ChatId::Id(chat), question);
    }
    rig.with_outlet(Arc::new(Slow(Mutex::new(asked))));
    let mut ends = |rig: &mut Rig, chat: i64, outcome: Outcome| {
        answers.remove(&chat).unwrap().send(outcome).unwrap();
        rig.one_ends();
    };
    let lost = || Outcome::Ambiguous {
        reason: "a page".into(),
    };
    for _ in 0..3 {
        assert_eq!(rig.step(), Step::Started);
    }
    ends(&mut rig, 1, lost());
    assert_eq!(rig.step(), Step::Started, "the fourth, after a question");
    // It left before that, and tells nothing new.
    ends(&mut rig, 2, lost());
    assert_eq!(rig.step(), Step::Started, "the fifth");
    ends(&mut rig, 4, lost());
    let now = rig.clock.now();
    let step = rig.step();
    assert!(
        matches!(step, Step::Idle(Some(due)) if due >= now + SECOND),
        "{step:?}"
    );
    ends(&mut rig, 5, Outcome::Sent { message_id: 5 });
    assert_eq!(rig.step(), Step::Started, "the sixth, at once");
}

#[test]
fn whatever_was_accepted_comes_at_most_twice_whatever_the_answer_looked_like() {
    let faults = [
        Fault::Hang,
        Fault::CutAfterAccept,
        Fault::OkWithoutResult,
        Fault::BrokenJson,
        page(502),
        Fault::CutBeforeAccept,
        Fault::UnknownEntityInReply,
    ];
    let mut rig = Rig::behind(None, IMPATIENT);
    rig.readers(&[1]);
    for (number, fault) in faults.iter().enumerate() {
        rig.telegram()
            .fail_next(fault.clone(), Only::method("sendMessage"), 1);
        rig.announce(1);
        rig.work_off();
        let copies = rig
            .told(1)
            .iter()
            .filter(|told| **told == number + 1)
            .count();
        let accepted = !matches!(fault, Fault::ServerError { .. } | Fault::CutBeforeAccept);
        let understood = matches!(fault, Fault::UnknownEntityInReply);
        assert_eq!(
            copies,
            1 + usize::from(accepted && !understood),
            "{fault:?}"
        );
    }
    assert_eq!(rig.arrived(&[1], 1..=faults.len()), 4);
}

#[test]
fn a_message_whose_fate_stays_unknown_ends_after_its_second_copy_and_is_listed() {
    let mut rig = Rig::new();
    rig.readers(&[1, 2]);
    rig.telegram().fail_next(
        Fault::CutAfterAccept,
        Only::chat(1).and_method("sendMessage"),
        2,
    );
    rig.announce(1);
    rig.pass(10 * MINUTE);
    rig.announce(1);
    rig.work_off();
    assert_eq!(rig.told(1), [1, 1, 2]);
    assert_eq!(rig.told(2), [1, 2]);
    let unknown = rig.rows(Some("unknown"));
    assert_eq!((unknown.len(), unknown[0].unknowns), (1, 2));
    assert!(unknown[0].reason.is_some());
}

#[test]
fn when_nobody_listens_nothing_was_sent_and_nothing_is_in_doubt() {
    let nobody = |_: &crate::fake_telegram::FakeTelegram| {
        // No test listens there: only root could, and a port that was free a moment ago may be another's by now.
        "http://127.0.0.1:1".to_owned()
    };
    let mut rig = Rig::behind(Some(&nobody), "");
    rig.readers(&[1, 2, 3]);
    rig.announce(3);
    rig.pass(HOUR);
    let rows = rig.rows(None);
    assert!(
        rows.iter()
            .all(|row| row.state == "pending" && row.unknowns == 0)
    );
    assert!(
        rows.iter().map(|row| row.attempts).sum::<i64>() <= 3,
        "{rows:#?}"
    );
    rig.pass(SECOND);
}

#[test]
fn while_a_connection_is_made_nothing_was_sent() {
    // Takes the connection and says nothing in it, so that TLS never begins.
    let silent = |_: &crate::fake_telegram::FakeTelegram| {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || listener.incoming().flatten().collect::<Vec<_>>());
        format!("https://127.0.0.1:{port}")
    };
    let mut rig = Rig::behind(Some(&silent), IMPATIENT);
    rig.readers(&[1, 2]);
    rig.announce(1);
    rig.pass(5 * SECOND);
    let rows = rig.rows(Some("pending"));
    let tried = rows.iter().map(|row| row.attempts).sum::<i64>();
    let doubted = rows.iter().map(|row| row.unknowns).sum::<i64>();
    assert!(rows.len() == 2 && tried > 0 && doubted == 0, "{rows:#?}");
}

#[test]
fn an_api_that_moved_is_followed() {
    let moved = |telegram: &crate::fake_telegram::FakeTelegram| {
        let (listener, there) = (
            std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap(),
            telegram.url(),
        );
        let here = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut lines = BufReader::new(stream.unwrap());
                let mut first = String::new();
                lines.read_line(&mut first).unwrap();
                let path = first.split(' ').nth(1).unwrap();
                let answer = format!(
                    "HTTP/1.1 308 Permanent Redirect\r\nLocation: {there}{path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                // The rest of the request is read, so that the end of the connection is no reset.
                let mut length = 0;
                for line in lines.by_ref().lines().map(Result::unwrap) {
                    match line.to_ascii_lowercase().split_once(": ") {
                        Some(("content-length", bytes)) => length = bytes.parse().unwrap(),
                        Some(_) => {}
                        None => break,
                    }
                }
                lines.read_exact(&mut vec![0; length]).unwrap();
                lines.into_inner().write_all(answer.as_bytes()).unwrap();
            }
        });
        format!("http://{here}")
    };
    let mut rig = Rig::behind(Some(&moved), "");
    rig.readers(&[1]);
    rig.announce(2);
    rig.work_off();
    assert_eq!(rig.told(1), [1, 2]);
    assert!(rig.rows(None).iter().all(|row| row.unknowns == 0));
}
