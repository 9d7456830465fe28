//! The calling side of one call (RFC 3261 §13.2, §17.1): INVITE, redirects, CANCEL, ACK, BYE.

use super::Place;
use super::dialog::Dialog;
use super::inside::Inside;
use super::leg::{End, Order};
use super::refer::DialogId;
use super::sdp;
use super::transact::{Driver, Wake};
use super::wire::{Inbound, finish, line};
use crate::audio::Audio;
use segue_sip::msg::fields::uri_address;
use std::net::SocketAddr;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// INVITE sent, nothing heard.
    Calling,
    /// A 1xx was heard.
    Proceeding,
    /// CANCEL sent.
    Cancelling,
    Talking,
    /// BYE sent.
    Ending,
    /// Over; answers stragglers.
    Over,
}

pub(crate) struct Uac {
    pub(crate) driver: Driver,
    pub(crate) place: Place,
    pub(crate) from: String,
    pub(crate) call_id: String,
    pub(crate) target: String,
    pub(crate) hop: SocketAddr,
    state: State,
    cseq: u32,
    branch: String,
    hang_up_wanted: bool,
    redirects: u8,
    ack: Option<(Vec<u8>, SocketAddr)>,
    dialog: Option<Dialog>,
    inside: Inside,
}

impl Uac {
    pub(crate) fn new(
        driver: Driver,
        place: Place,
        from: String,
        call_id: String,
        hop: SocketAddr,
    ) -> Self {
        let target = place.to.clone();
        Self {
            driver,
            place,
            from,
            call_id,
            target,
            hop,
            state: State::Calling,
            cseq: 0,
            branch: String::new(),
            hang_up_wanted: false,
            redirects: 0,
            ack: None,
            dialog: None,
            inside: Inside::default(),
        }
    }

    pub(crate) async fn run(mut self) {
        self.invite().await;
        loop {
            match self.driver.wake().await {
                Wake::Message(message) if message.method.is_some() => {
                    self.on_request(&message).await;
                }
                Wake::Message(message) => self.on_response(&message).await,
                Wake::Order(Order::HangUp) => self.hang_up().await,
                Wake::Order(order) => {
                    if let (State::Talking, Some(dialog)) = (self.state, &mut self.dialog) {
                        self.inside.obey(order, &mut self.driver, dialog).await;
                    }
                }
                Wake::GaveUp if self.inside_gave_up().await => {}
                Wake::GaveUp => match self.state {
                    State::Calling | State::Proceeding => self.over(End::NoAnswer),
                    State::Cancelling => self.over(End::Cancelled),
                    State::Ending | State::Talking => self.over(End::HungUpHere),
                    State::Over => return,
                },
                Wake::Stopped => {
                    self.hang_up().await;
                    return;
                }
            }
        }
    }

    /// Whether it was a request within the call that nobody answered.
    async fn inside_gave_up(&mut self) -> bool {
        match (self.state, &mut self.dialog) {
            (State::Talking, Some(dialog)) => self.inside.gave_up(&mut self.driver, dialog).await,
            _ => false,
        }
    }

    async fn invite(&mut self) {
        self.cseq += 1;
        self.branch = self.driver.shared.branch();
        let audio = self.driver.audio.as_ref().map(Audio::local_addr);
        let host = self.driver.shared.local.ip();
        let body = sdp::describe(audio, host, self.driver.shared.bits());
        let mut out = self.start("INVITE", &self.branch);
        line(&mut out, "To", &format!("<{}>", self.place.to));
        line(&mut out, "CSeq", &format!("{} INVITE", self.cseq));
        line(&mut out, "Contact", &self.driver.shared.contact());
        line(&mut out, "Allow", super::ALLOW);
        if let Some(caller) = &self.place.caller {
            line(
                &mut out,
                "P-Asserted-Identity",
                &format!("<sip:{caller}@{host}>"),
            );
        } else {
            line(&mut out, "Privacy", "id");
        }
        for (name, value) in &self.place.headers {
            line(&mut out, name, value);
        }
        let give_up_ms = self.driver.timers().b_ms;
        // Timer A doubles without a cap; timer B ends it.
        let cap = Duration::from_millis(give_up_ms);
        self.driver
            .send_until_stopped(finish(out, &body), self.hop, cap, give_up_ms)
            .await;
        self.state = State::Calling;
    }

    /// Request line to Call-ID, without To and `CSeq`.
    fn start(&self, method: &str, branch: &str) -> String {
        let mut out = format!("{method} {} SIP/2.0\r\n", self.target);
        line(&mut out, "Via", &self.driver.shared.via(branch));
        line(&mut out, "Max-Forwards", "70");
        line(&mut out, "From", &self.from);
        line(&mut out, "Call-ID", &self.call_id);
        out
    }

    async fn hang_up(&mut self) {
        self.hang_up_wanted = true;
        match self.state {
            State::Proceeding => self.cancel().await,
            State::Talking => self.bye().await,
            // CANCEL before any 1xx must wait for one (§9.1).
            State::Calling | State::Cancelling | State::Ending | State::Over => {}
        }
    }

    async fn cancel(&mut self) {
        let mut out = self.start("CANCEL", &self.branch);
        line(&mut out, "To", &format!("<{}>", self.place.to));
        line(&mut out, "CSeq", &format!("{} CANCEL", self.cseq));
        let (cap, give_up_ms) = (self.driver.t2(), self.driver.timers().b_ms);
        self.driver
            .send_until_stopped(finish(out, ""), self.hop, cap, give_up_ms)
            .await;
        self.state = State::Cancelling;
    }

    async fn bye(&mut self) {
        let Some(dialog) = &mut self.dialog else {
            return self.over(End::HungUpHere);
        };
        dialog.cseq += 1;
        let shared = &self.driver.shared;
        let bye = dialog.request("BYE", &shared.via(&shared.branch()), &shared.contact());
        let hop = dialog.next_hop();
        self.state = State::Ending;
        let (cap, give_up_ms) = (self.driver.t2(), self.driver.timers().b_ms);
        self.driver
            .send_until_stopped(bye, hop, cap, give_up_ms)
            .await;
    }

    fn over(&mut self, end: End) {
        self.state = State::Over;
        self.driver.over(end);
    }

    async fn on_response(&mut self, response: &Inbound) {
        if let Some(dialog) = &mut self.dialog
            && response.cseq > self.cseq
            && self
                .inside
                .on_response(response, &mut self.driver, dialog)
                .await
        {
            return;
        }
        match response.cseq_method.as_str() {
            "INVITE" if response.cseq == self.cseq || self.dialog.is_some() => {
                match response.status {
                    ..200 => self.on_provisional(response).await,
                    200..300 => self.on_answer(response).await,
                    _ if response.branch == self.branch => self.on_refusal(response).await,
                    _ => {}
                }
            }
            "CANCEL" if self.state == State::Cancelling => {
                // The CANCEL is answered; its INVITE's 487 is still to come, or timer B ends the wait.
                self.driver.resend = None;
                let wait = Duration::from_millis(self.driver.timers().b_ms);
                self.driver.deadline = Some(tokio::time::Instant::now() + wait);
            }
            "BYE" if self.state == State::Ending && response.status >= 200 => {
                self.over(End::HungUpHere);
            }
            _ => {}
        }
    }

    async fn on_provisional(&mut self, response: &Inbound) {
        if !matches!(self.state, State::Calling | State::Proceeding) {
            return;
        }
        let elapsed = self.driver.elapsed();
        self.driver.note(|progress| {
            progress.last_status = Some(response.status);
            if response.status > 100 {
                progress.post_dial_delay.get_or_insert(elapsed);
            }
        });
        if self.state == State::Calling {
            self.state = State::Proceeding;
            self.driver.resend = None;
            if self.hang_up_wanted {
                self.cancel().await;
            }
        }
    }

    async fn on_answer(&mut self, response: &Inbound) {
        let known = self
            .dialog
            .as_ref()
            .and_then(|dialog| dialog.remote_tag.clone());
        if known.is_some() {
            if known == response.to_tag {
                self.repeat_ack().await;
            } else {
                self.drop_second_answer(response).await;
            }
            return;
        }
        let mut dialog = Dialog::of_caller(&self.from, response, &self.target, self.hop);
        dialog.cseq = self.cseq;
        let shared = &self.driver.shared;
        let ack = dialog.request("ACK", &shared.via(&shared.branch()), &shared.contact());
        let hop = dialog.next_hop();
        self.dialog = Some(dialog);
        self.driver.send(&ack, hop).await;
        self.ack = Some((ack, hop));
        self.driver.resend = None;
        self.driver.deadline = None;
        let late = matches!(self.state, State::Cancelling | State::Over) || self.hang_up_wanted;
        self.state = State::Talking;
        if late {
            // A 200 that crossed our CANCEL wins, and is hung up (§9.1, §15).
            return self.bye().await;
        }
        if let (Some(audio), Some(remote)) = (&self.driver.audio, sdp::remote_audio(&response.body))
        {
            audio.connect(remote);
        }
        let elapsed = self.driver.elapsed();
        let own = DialogId {
            call_id: self.call_id.clone(),
            local_tag: response.from_tag.clone(),
            remote_tag: response.to_tag.clone().unwrap_or_default(),
        };
        self.driver.note(|progress| {
            progress.last_status = Some(response.status);
            progress.post_dial_delay.get_or_insert(elapsed);
            progress.answer_delay = Some(elapsed);
            progress.dialog = Some(own);
        });
    }

    async fn repeat_ack(&self) {
        if let Some((ack, hop)) = &self.ack {
            self.driver.send(ack, *hop).await;
        }
    }

    /// A fork answered too: one call is enough (§13.2.2.4). Sent once; a lost BYE ends by the other side's timer.
    async fn drop_second_answer(&self, response: &Inbound) {
        let shared = &self.driver.shared;
        let mut dialog = Dialog::of_caller(&self.from, response, &self.target, self.hop);
        let hop = dialog.next_hop();
        for method in ["ACK", "BYE"] {
            let request = dialog.request(method, &shared.via(&shared.branch()), &shared.contact());
            self.driver.send(&request, hop).await;
            dialog.cseq += 1;
        }
    }

    async fn on_refusal(&mut self, response: &Inbound) {
        let mut out = self.start("ACK", &self.branch);
        line(&mut out, "To", &response.to);
        line(&mut out, "CSeq", &format!("{} ACK", self.cseq));
        let ack = finish(out, "");
        self.driver.send(&ack, self.hop).await;
        self.ack = Some((ack, self.hop));
        let waiting = matches!(
            self.state,
            State::Calling | State::Proceeding | State::Cancelling
        );
        if !waiting {
            return;
        }
        self.driver
            .note(|progress| progress.last_status = Some(response.status));
        if self.hang_up_wanted {
            return self.over(End::Cancelled);
        }
        if !(300..400).contains(&response.status) {
            return self.over(End::Refused(response.status));
        }
        let contact = response
            .contact
            .as_deref()
            .filter(|_| self.redirects < self.place.redirects_max);
        let hop = contact.and_then(|contact| uri_address(contact.as_bytes()));
        let (Some(contact), Some(hop)) = (contact, hop) else {
            return self.over(End::NotFollowed);
        };
        contact.clone_into(&mut self.target);
        self.hop = hop;
        self.redirects += 1;
        self.driver.note(|progress| progress.redirects += 1);
        self.invite().await;
    }

    async fn on_request(&mut self, request: &Inbound) {
        if self.state == State::Talking
            && self.inside.on_request(request, "", &mut self.driver).await
        {
            return;
        }
        let status = match request.method.as_deref() {
            Some("BYE" | "OPTIONS") => 200,
            Some("ACK") => return,
            Some("INVITE") => 488,
            _ => 405,
        };
        let response = request.response(status, "", "", "");
        self.driver.send(&response, request.source).await;
        let ends = request.method.as_deref() == Some("BYE");
        if ends && matches!(self.state, State::Talking | State::Ending) {
            self.over(End::HungUpThere);
        }
    }
}
