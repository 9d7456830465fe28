//! What either side does within an answered call: hold and take back (re-INVITE, RFC 3264 §8.4), transfer (REFER and
//! its NOTIFY, RFC 3515). One request at a time; a second one while the first waits is not sent.

use super::dialog::Dialog;
use super::leg::Order;
use super::refer::Referred;
use super::sdp::{self, Direction};
use super::transact::Driver;
use super::wire::{Inbound, line};
use crate::audio::Audio;
use std::net::SocketAddr;
use std::time::Duration;

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
}

/// Requests within one call.
#[derive(Default)]
pub(crate) struct Inside {
    waiting: Option<Waiting>,
    /// The ACK of the last re-INVITE, for its repeated answers.
    ack: Option<(u32, Vec<u8>, SocketAddr)>,
    version: u64,
}

impl Inside {
    /// Sends what the owner wants within the call.
    pub(crate) async fn obey(&mut self, order: Order, driver: &mut Driver, dialog: &mut Dialog) {
        if self.waiting.is_some() || driver.resend.is_some() {
            return;
        }
        let (kind, method) = match order {
            Order::Hold(on) => (Kind::Hold(on), "INVITE"),
            Order::Refer(_) => (Kind::Refer, "REFER"),
            Order::TellTransfer(status) => (Kind::Notify(status), "NOTIFY"),
            Order::Ring | Order::Answer | Order::Refuse(..) | Order::HangUp => return,
        };
        dialog.cseq += 1;
        let via = driver.shared.via(&driver.shared.branch());
        let contact = driver.shared.contact();
        let bytes = match &order {
            Order::Hold(on) => {
                let body = self.description(driver, hold_direction(*on));
                let more = [("Allow", super::ALLOW)];
                dialog.request_with(method, &via, &contact, &more, ("application/sdp", &body))
            }
            Order::Refer(target) => {
                let target = format!("<{target}>");
                let more = [
                    ("Refer-To", target.as_str()),
                    ("Referred-By", contact.as_str()),
                ];
                dialog.request_with(method, &via, &contact, &more, ("", ""))
            }
            Order::TellTransfer(status) => notify(dialog, &via, &contact, *status),
            _ => return,
        };
        driver.note(|progress| progress.inside_refused = None);
        let (hop, cap, give_up_ms) = (dialog.next_hop(), driver.t2(), driver.timers().b_ms);
        self.waiting = Some(Waiting {
            kind,
            cseq: dialog.cseq,
            via,
        });
        driver.send_until_stopped(bytes, hop, cap, give_up_ms).await;
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
        dialog: &Dialog,
    ) -> bool {
        if let Some((cseq, ack, hop)) = &self.ack
            && *cseq == response.cseq
            && response.cseq_method == "INVITE"
            && response.status >= 200
        {
            driver.send(ack, *hop).await;
            return true;
        }
        let Some(waiting) = self.waiting.as_ref().filter(|w| w.cseq == response.cseq) else {
            return false;
        };
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
        let (kind, cseq, via) = (waiting.kind, waiting.cseq, waiting.via.clone());
        self.waiting = None;
        (driver.resend, driver.deadline) = (None, None);
        if let Kind::Hold(_) = kind {
            self.acknowledge(cseq, &via, response.status, driver, dialog)
                .await;
        }
        let done = response.status < 300;
        driver.note(|progress| match kind {
            Kind::Hold(on) if done => progress.holding = on,
            Kind::Refer if done => progress.refer_accepted = true,
            Kind::Notify(status) if done => progress.transfer_told = Some(status),
            Kind::Hold(_) | Kind::Refer | Kind::Notify(_) => {
                progress.inside_refused = Some(response.status);
            }
        });
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
    pub(crate) fn gave_up(&mut self, driver: &Driver) -> bool {
        let waited = self.waiting.take().is_some();
        if waited {
            driver.note(|progress| progress.inside_refused = Some(408));
        }
        waited
    }

    /// Answers a request within the call, if it is one of these.
    pub(crate) async fn on_request(
        &mut self,
        request: &Inbound,
        tag: &str,
        driver: &mut Driver,
    ) -> bool {
        let response = match request.method.as_deref() {
            Some("INVITE") => self.on_reinvite(request, tag, driver),
            Some("REFER") => on_refer(request, tag, driver),
            Some("NOTIFY") => {
                driver.note(|progress| {
                    progress.transfer_status =
                        fragment_status(&request.body).or(progress.transfer_status);
                });
                request.response(200, tag, "", "")
            }
            _ => return false,
        };
        // Sent once: whoever misses it repeats the request and is answered again.
        driver.send(&response, request.source).await;
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

fn on_refer(request: &Inbound, tag: &str, driver: &Driver) -> Vec<u8> {
    let referred = request
        .header("Refer-To")
        .and_then(|target| Referred::read(&target, request.header("Referred-By")));
    let Some(referred) = referred else {
        return request.response(400, tag, "", "");
    };
    driver.note(|progress| progress.referred = Some(referred));
    let mut more = String::new();
    line(&mut more, "Contact", &driver.shared.contact());
    request.response(202, tag, &more, "")
}

/// The status in a fragment such as `SIP/2.0 200 OK` (RFC 3420).
fn fragment_status(body: &[u8]) -> Option<u16> {
    let body = std::str::from_utf8(body).ok()?;
    let status = body.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()?;
    (100..700).contains(&status).then_some(status)
}
