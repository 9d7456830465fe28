//! A call centre on a UDP socket: answers every INVITE, takes ACK and BYE, and remembers which call came and when.

use super::clock::now_us;
use super::sip::{self, Text};
use socket2::{Domain, Socket, Type};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// One call as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// User part of From.
    pub(crate) caller: String,
    /// User part of the Request-URI.
    pub(crate) dialled: String,
    /// When SIPp first sent the INVITE, UTC µs; 0 when it does not say.
    pub(crate) sent_us: i64,
    /// When it came here, UTC µs.
    pub(crate) arrived_us: i64,
    /// `X-Segue-Call`.
    pub(crate) segue_call: String,
}

#[derive(Default)]
struct Book {
    calls: BTreeMap<String, Seen>,
    acknowledged: BTreeSet<String>,
    ended: BTreeSet<String>,
}

/// A centre that answers at once.
pub(crate) struct Centre {
    pub(crate) addr: SocketAddr,
    book: Arc<Mutex<Book>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Centre {
    /// At a free port of an address.
    pub(crate) fn at(ip: [u8; 4]) -> Self {
        let socket = bind(SocketAddr::from((ip, 0)));
        let addr = socket.local_addr().expect("an address");
        let (book, stop) = (Arc::<Mutex<Book>>::default(), Arc::<AtomicBool>::default());
        let (kept, stopping) = (Arc::clone(&book), Arc::clone(&stop));
        let thread = std::thread::spawn(move || work(&socket, &kept, &stopping));
        Self {
            addr,
            book,
            stop,
            thread: Some(thread),
        }
    }

    /// Every call so far by its Call-ID.
    pub(crate) fn calls(&self) -> BTreeMap<String, Seen> {
        self.book.lock().expect("no panic while held").calls.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.book.lock().expect("no panic while held").calls.len()
    }

    /// Calls that were set up and taken down properly: INVITE, ACK, BYE.
    pub(crate) fn whole(&self) -> usize {
        let book = self.book.lock().expect("no panic while held");
        book.calls
            .keys()
            .filter(|id| book.acknowledged.contains(*id) && book.ended.contains(*id))
            .count()
    }

    /// Forgets every call: the next part of a test counts anew.
    pub(crate) fn forget(&self) {
        *self.book.lock().expect("no panic while held") = Book::default();
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A socket with room for a burst, that never blocks for long.
pub(crate) fn bind(addr: SocketAddr) -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).expect("a socket");
    socket.set_recv_buffer_size(4 << 20).expect("a buffer");
    socket.bind(&addr.into()).expect("a loopback port");
    let socket = UdpSocket::from(socket);
    socket
        .set_read_timeout(Some(Duration::from_millis(50)))
        .expect("a time-out");
    socket
}

/// A port of an address where nobody listens.
pub(crate) fn closed_port(ip: [u8; 4]) -> SocketAddr {
    bind(SocketAddr::from((ip, 0)))
        .local_addr()
        .expect("an address")
}

fn work(socket: &UdpSocket, book: &Mutex<Book>, stop: &AtomicBool) {
    let mut buffer = vec![0; 65_536];
    while !stop.load(Ordering::Relaxed) {
        // A time-out, or an ICMP error of an earlier answer: the next packet counts.
        let Ok((length, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let arrived_us = now_us();
        let Some(request) = Text::parse(&buffer[..length]) else {
            continue;
        };
        let id = request.header("Call-ID").to_owned();
        match request.method() {
            "INVITE" => {
                let seen = Seen {
                    caller: sip::user(request.header("From")),
                    dialled: sip::user(request.uri()),
                    sent_us: sip::sent_us(request.header("X-Sent")),
                    arrived_us,
                    segue_call: request.header("X-Segue-Call").to_owned(),
                };
                book.lock()
                    .expect("no panic while held")
                    .calls
                    .entry(id)
                    .or_insert(seen);
                answer(socket, from, &request, "180 Ringing");
                answer(socket, from, &request, "200 OK");
            }
            "ACK" => {
                book.lock()
                    .expect("no panic while held")
                    .acknowledged
                    .insert(id);
            }
            "BYE" => {
                book.lock().expect("no panic while held").ended.insert(id);
                answer(socket, from, &request, "200 OK");
            }
            _ => answer(socket, from, &request, "200 OK"),
        }
    }
}

fn answer(socket: &UdpSocket, to: SocketAddr, request: &Text, status: &str) {
    let me = socket.local_addr().expect("an address");
    let response = request.answer(status, &format!("Contact: <sip:queue@{me}>\r\n"));
    let _ = socket.send_to(response.as_bytes(), to);
}
