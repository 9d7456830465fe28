//! What either side does within an answered call: hold and take back (re-INVITE, RFC 3264 §8.4), transfer (REFER and
//! its NOTIFY, RFC 3515). One request at a time: a second one waits until the first is answered, save the last word on a
//! transfer, which is not kept back by a peer that never answers the first.

use super::dialog::Dialog;
use super::leg::{Order, Reply};
use super::refer::Referred;
use super::sdp::{self, Direction};
use super::transact::Driver;
use super::wire::{Inbound, line};
use crate::audio::Audio;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// Orders waiting for the request before them; further ones are refused.
const NEXT_MAX: usize = 4;

/// A request within the call that waits for its answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hold(bool),
    Refer,
    Notify(u16),
}

struct Waiting {
    kind: Kind,
    cseq: u32,
    via: String,
    reply: Reply,
}

/// Requests within one call.
#[derive(Default)]
pub(crate) struct Inside {
    waiting: Option<Waiting>,
    next: VecDeque<Order>,
    /// The last NOTIFY and REFER heard, by number: one that comes late or again tells nothing.
    notified: Option<u32>,
    referred: Option<u32>,
    /// The ACK of the last re-INVITE, for its repeated answers.
    ack: Option<(u32, Vec<u8>, SocketAddr)>,
    version: u64,
}

impl Inside {
    /// Sends what the owner wants within the call, at once or after the request that waits.
    pub(crate) async fn obey(&mut self, order: Order, driver: &mut Driver, dialog: &mut Dialog) {
        // A word on a transfer is overtaken by the next one, which has the higher number: it was sent first all the same.
        let is_word = matches!(order, Order::TellTransfer(..));
        self.waiting
            .take_if(|waiting| is_word && matches!(waiting.kind, Kind::Notify(_)));
        if self.waiting.is_none() {
            self.send(order, driver, dialog).await;
        } else if self.next.len() < NEXT_MAX {
            self.next.push_back(order);
        }
    }

    async fn send(&mut self, order: Order, driver: &mut Driver, dialog: &mut Dialog) {
        let kind = match &order {
            Order::Hold(on, _) => Kind::Hold(*on),
            Order::Refer(..) => Kind::Refer,
            Order::TellTransfer(status, _) => Kind::Notify(*status),
            Order::Ring | Order::Answer | Order::Refuse(..) | Order::HangUp => return,
        };
        dialog.cseq += 1;
        let via = driver.shared.via(&driver.shared.branch());
        let contact = driver.shared.contact();
        let (bytes, reply) = match order {
            Order::Hold(on, reply) => {
                let body = self.description(driver, hold_direction(on));
                let (more, body) = ([("Allow", super::ALLOW)], ("application/sdp", &*body));
                let invite = dialog.request_with("INVITE", &via, &contact, &more, body);
                (invite, reply)
            }
            Order::Refer(target, reply) => {
                let target = format!("<{target}>");
                let more = [
                    ("Refer-To", target.as_str()),
                    ("Referred-By", contact.as_str()),
                ];
                // What is told from now on is of this transfer.
                driver.note(|progress| progress.transfer_status = None);
                let refer = dialog.request_with("REFER", &via, &contact, &more, ("", ""));
                (refer, reply)
            }
            Order::TellTransfer(status, reply) => (notify(dialog, &via, &contact, status), reply),
            Order::Ring | Order::Answer | Order::Refuse(..) | Order::HangUp => return,
        };
        let (hop, cap, give_up_ms) = (dialog.next_hop(), driver.t2(), driver.timers().b_ms);
        self.waiting = Some(Waiting {
            kind,
            cseq: dialog.cseq,
            via,
            reply,
        });
        driver.send_until_stopped(bytes, hop, cap, give_up_ms).await;
    }

    /// The next order, once nothing waits.
    async fn send_next(&mut self, driver: &mut Driver, dialog: &mut Dialog) {
        if let Some(order) = self.next.pop_front() {
            self.send(order, driver, dialog).await;
        }
    }

    fn description(&mut self, driver: &Driver, direction: Direction) -> String {
        self.version += 1;
        let audio = driver.audio.as_ref().map(Audio::local_addr);
        // Any session id will do: the far end tells versions apart within the dialog.
        let version = (1, self.version + 1);
        sdp::describe_as(audio, driver.shared.local.ip(), version, direction)
    }

    /// Takes a response, if it belongs to a request within the call.
    pub(crate) async fn on_response(
        &mut self,
        response: &Inbound,
        driver: &mut Driver,
        dialog: &mut Dialog,
    ) -> bool {
        if let Some((cseq, ack, hop)) = &self.ack
            && *cseq == response.cseq
            && response.cseq_method == "INVITE"
            && response.status >= 200
        {
            driver.send(ack, *hop).await;
            return true;
        }
        if self
            .waiting
            .as_ref()
            .is_none_or(|w| w.cseq != response.cseq)
        {
            return false;
        }
        if response.cseq_method == "BYE" {
            return false;
        }
        if response.status < 200 {
            // From now on only the final answer is waited for, at the longest interval of a request.
            driver.resend = None;
            driver.deadline =
                Some(tokio::time::Instant::now() + Duration::from_millis(driver.timers().b_ms));
            return true;
        }
        let Some(Waiting {
            kind,
            cseq,
            via,
            reply,
        }) = self.waiting.take()
        else {
            return false;
        };
        (driver.resend, driver.deadline) = (None, None);
        if let Kind::Hold(_) = kind {
            self.acknowledge(cseq, &via, response.status, driver, dialog)
                .await;
        }
        let done = response.status < 300;
        if let (Kind::Hold(on), true) = (kind, done) {
            driver.note(|progress| progress.holding = on);
        }
        // Whoever asked may have given up meanwhile.
        let _ = reply.send(done);
        self.send_next(driver, dialog).await;
        true
    }

    /// A 2xx is acknowledged in a transaction of its own, anything else in the INVITE's (RFC 3261 §13.2.2.4, §17.1.1.3).
    async fn acknowledge(
        &mut self,
        cseq: u32,
        via: &str,
        status: u16,
        driver: &Driver,
        dialog: &Dialog,
    ) {
        let shared = &driver.shared;
        let fresh = shared.via(&shared.branch());
        let via = if status < 300 { &fresh } else { via };
        let mut of_invite = dialog.clone();
        of_invite.cseq = cseq;
        let ack = of_invite.request("ACK", via, &shared.contact());
        let hop = dialog.next_hop();
        driver.send(&ack, hop).await;
        self.ack = Some((cseq, ack, hop));
    }

    /// Whether silence ended a request within the call, which itself goes on.
    pub(crate) async fn gave_up(&mut self, driver: &mut Driver, dialog: &mut Dialog) -> bool {
        let Some(waited) = self.waiting.take() else {
            return false;
        };
        let _ = waited.reply.send(false);
        self.send_next(driver, dialog).await;
        true
    }

    /// Answers a request within the call, if it is one of these.
    pub(crate) async fn on_request(
        &mut self,
        request: &Inbound,
        tag: &str,
        driver: &mut Driver,
    ) -> bool {
        let mut referred = None;
        let response = match request.method.as_deref() {
            Some("INVITE") => self.on_reinvite(request, tag, driver),
            Some("REFER") => {
                let (response, target) = on_refer(request, tag, driver);
                if self.referred < Some(request.cseq) {
                    self.referred = Some(request.cseq);
                    referred = target;
                }
                response
            }
            Some("NOTIFY") => {
                // Datagrams overtake each other: what was told before is not the news.
                if self.notified < Some(request.cseq) {
                    self.notified = Some(request.cseq);
                    driver.note(|progress| {
                        progress.transfer_status =
                            fragment_status(&request.body).or(progress.transfer_status);
                    });
                }
                request.response(200, tag, "", "")
            }
            _ => return false,
        };
        // Sent once: whoever misses it repeats the request and is answered again.
        driver.send(&response, request.source).await;
        // The 202 comes before any word on how it goes (RFC 3515 §2.4.4).
        if let Some(referred) = referred {
            driver.note(|progress| progress.referred = Some(referred));
        }
        true
    }

    fn on_reinvite(&mut self, request: &Inbound, tag: &str, driver: &mut Driver) -> Vec<u8> {
        let wanted = Direction::of(&request.body);
        let held = matches!(wanted, Direction::SendOnly | Direction::Inactive);
        if let Some(audio) = &driver.audio {
            if let Some(remote) = sdp::remote_audio(&request.body) {
                audio.connect(remote);
            }
            audio.mute(held);
        }
        driver.note(|progress| progress.held = held);
        let body = self.description(driver, wanted.answer());
        let mut more = String::new();
        line(&mut more, "Contact", &driver.shared.contact());
        line(&mut more, "Allow", super::ALLOW);
        request.response(200, tag, &more, &body)
    }
}

fn hold_direction(on: bool) -> Direction {
    if on {
        Direction::SendOnly
    } else {
        Direction::Both
    }
}

fn notify(dialog: &Dialog, via: &str, contact: &str, status: u16) -> Vec<u8> {
    let state = if status < 200 {
        "active;expires=60"
    } else {
        "terminated;reason=noresource"
    };
    let body = format!("SIP/2.0 {status} Told\r\n");
    let more = [("Event", "refer"), ("Subscription-State", state)];
    dialog.request_with(
        "NOTIFY",
        via,
        contact,
        &more,
        ("message/sipfrag;version=2.0", &body),
    )
}

fn on_refer(request: &Inbound, tag: &str, driver: &Driver) -> (Vec<u8>, Option<Referred>) {
    let referred = request
        .header("Refer-To")
        .and_then(|target| Referred::read(&target, request.header("Referred-By")));
    if referred.is_none() {
        return (request.response(400, tag, "", ""), None);
    }
    let mut more = String::new();
    line(&mut more, "Contact", &driver.shared.contact());
    (request.response(202, tag, &more, ""), referred)
}

/// The status in a fragment such as `SIP/2.0 200 OK` (RFC 3420).
fn fragment_status(body: &[u8]) -> Option<u16> {
    let body = std::str::from_utf8(body).ok()?;
    let status = body.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()?;
    (100..700).contains(&status).then_some(status)
}
