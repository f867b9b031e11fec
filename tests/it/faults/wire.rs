//! A wire between the program and the fake that breaks where a test wants it to.
//! In: connections of the program. Out: the same bytes to and from the fake, up to the break.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Where the next send breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// After so many bytes of the request reached the fake.
    Request(usize),
    /// After so many bytes of the answer came back.
    Answer(usize),
    /// The answer never comes, and the connection stays open.
    Silence,
}

pub struct Wire {
    address: SocketAddr,
    next: Arc<Mutex<Option<Break>>>,
}

impl Wire {
    /// A wire to the fake at this port.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let next = Arc::new(Mutex::new(None));
        let plan = next.clone();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let plan = plan.clone();
                let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
                thread::spawn(move || carry(near, far, &plan));
            }
        });
        Wire { address, next }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn break_next(&self, at: Break) {
        *self.next.lock().unwrap() = Some(at);
    }

    /// Whether the planned break has happened.
    pub fn broke(&self) -> bool {
        self.next.lock().unwrap().is_none()
    }
}

/// Carries requests and answers in turn: HTTP/1.1 without pipelining.
fn carry(mut near: TcpStream, mut far: TcpStream, plan: &Mutex<Option<Break>>) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let Some(request) = whole(&mut near, &mut buffer) else {
            return;
        };
        let is_send = String::from_utf8_lossy(&request)
            .lines()
            .next()
            .is_some_and(|line| line.to_ascii_lowercase().contains("/sendmessage"));
        let at = is_send.then(|| plan.lock().unwrap().take()).flatten();
        if let Some(Break::Request(bytes)) = at {
            let _ = far.write_all(&request[..bytes.min(request.len())]);
            let _ = far.shutdown(Shutdown::Both);
            let _ = near.shutdown(Shutdown::Both);
            return;
        }
        if far.write_all(&request).is_err() {
            return;
        }
        let Some(answer) = whole(&mut far, &mut buffer) else {
            return;
        };
        match at {
            Some(Break::Answer(bytes)) => {
                let _ = near.write_all(&answer[..bytes.min(answer.len())]);
                let _ = near.shutdown(Shutdown::Both);
                return;
            }
            Some(Break::Silence) => {
                // Until the program gives up.
                let _ = near.read(&mut buffer);
                return;
            }
            _ => {}
        }
        if near.write_all(&answer).is_err() {
            return;
        }
    }
}

/// One request or answer: head, and as much body as `content-length` says.
fn whole(stream: &mut TcpStream, buffer: &mut [u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(head) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length
                .and_then(|text| text.trim().parse().ok())
                .unwrap_or(0);
            if bytes.len() >= head + 4 + length {
                return Some(bytes);
            }
        }
        match stream.read(buffer) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}
