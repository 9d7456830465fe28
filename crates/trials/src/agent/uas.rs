//! The called side of one call (RFC 3261 §13.3, §17.2): 180, 200 until the ACK, refusals until the ACK, CANCEL, BYE.

use super::dialog::Dialog;
use super::inside::Inside;
use super::leg::{End, Order};
use super::refer::DialogId;
use super::sdp;
use super::transact::{Driver, Wake};
use super::wire::{Inbound, line};
use crate::audio::Audio;
use std::net::SocketAddr;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Proceeding,
    /// 200 sent, no ACK yet.
    Answering,
    Talking,
    /// 300–699 sent, no ACK yet.
    Refusing(End),
    /// BYE sent.
    Ending,
    /// Over; answers stragglers.
    Over,
}

pub(crate) struct Uas {
    pub(crate) driver: Driver,
    pub(crate) invite: Inbound,
    pub(crate) tag: String,
    state: State,
    dialog: Dialog,
    last_response: Vec<u8>,
    hang_up_wanted: bool,
    inside: Inside,
}

impl Uas {
    pub(crate) fn new(driver: Driver, invite: Inbound, tag: String) -> Self {
        let dialog = Dialog::of_callee(&invite, &tag);
        let last_response = invite.response(100, &tag, "", "");
        let own = DialogId {
            call_id: invite.call_id.clone(),
            local_tag: tag.clone(),
            remote_tag: invite.from_tag.clone(),
        };
        driver.note(|progress| progress.dialog = Some(own));
        Self {
            driver,
            invite,
            tag,
            state: State::Proceeding,
            dialog,
            last_response,
            hang_up_wanted: false,
            inside: Inside::default(),
        }
    }

    pub(crate) async fn run(mut self) {
        self.driver
            .send(&self.last_response, self.invite.source)
            .await;
        loop {
            match self.driver.wake().await {
                Wake::Message(message) => self.on_message(&message).await,
                Wake::Order(order) => self.obey(order).await,
                Wake::GaveUp
                    if self.state == State::Talking
                        && self
                            .inside
                            .gave_up(&mut self.driver, &mut self.dialog)
                            .await => {}
                Wake::GaveUp => match self.state {
                    State::Answering => {
                        // Never acknowledged: hang up anyway (§13.3.1.4).
                        self.driver.note(|progress| {
                            progress.end.get_or_insert(End::NoAnswer);
                        });
                        self.bye().await;
                    }
                    State::Refusing(end) => self.over(end),
                    State::Ending | State::Talking => self.over(End::HungUpHere),
                    State::Proceeding | State::Over => return,
                },
                Wake::Stopped => {
                    self.obey(Order::HangUp).await;
                    return;
                }
            }
        }
    }

    async fn obey(&mut self, order: Order) {
        match (self.state, order) {
            (State::Proceeding, Order::Ring) => {
                let more = self.headers();
                self.last_response = self.invite.response(180, &self.tag, &more, "");
                self.driver
                    .send(&self.last_response, self.invite.source)
                    .await;
                let elapsed = self.driver.elapsed();
                self.driver.note(|progress| {
                    progress.last_status = Some(180);
                    progress.post_dial_delay.get_or_insert(elapsed);
                });
            }
            (State::Proceeding, Order::Answer) => self.answer().await,
            (State::Proceeding, Order::Refuse(status, contact)) => {
                self.refuse(status, contact.as_deref(), End::Refused(status))
                    .await;
            }
            (State::Proceeding, Order::HangUp) => self.refuse(480, None, End::Refused(480)).await,
            (State::Talking, Order::HangUp) => self.bye().await,
            // A BYE may not be sent before the ACK (§15).
            (State::Answering, Order::HangUp) => self.hang_up_wanted = true,
            (State::Talking, order) => {
                self.inside
                    .obey(order, &mut self.driver, &mut self.dialog)
                    .await;
            }
            _ => {}
        }
    }

    /// Contact and the record routes, as a dialog-creating response must carry them (§12.1.1).
    fn headers(&self) -> String {
        let mut more = String::new();
        for route in &self.invite.record_routes {
            line(&mut more, "Record-Route", route);
        }
        line(&mut more, "Contact", &self.driver.shared.contact());
        line(&mut more, "Allow", super::ALLOW);
        more
    }

    async fn answer(&mut self) {
        let audio = self.driver.audio.as_ref().map(Audio::local_addr);
        let body = sdp::describe(
            audio,
            self.driver.shared.local.ip(),
            self.driver.shared.bits(),
        );
        let ok = self.invite.response(200, &self.tag, &self.headers(), &body);
        self.last_response.clone_from(&ok);
        self.connect(&self.invite.body);
        self.state = State::Answering;
        let elapsed = self.driver.elapsed();
        self.driver.note(|progress| {
            progress.last_status = Some(200);
            progress.post_dial_delay.get_or_insert(elapsed);
            progress.answer_delay = Some(elapsed);
        });
        let (cap, give_up_ms) = (self.driver.t2(), self.driver.timers().b_ms);
        self.driver
            .send_until_stopped(ok, self.invite.source, cap, give_up_ms)
            .await;
    }

    fn connect(&self, body: &[u8]) {
        if let (Some(audio), Some(remote)) = (&self.driver.audio, sdp::remote_audio(body)) {
            audio.connect(remote);
        }
    }

    async fn refuse(&mut self, status: u16, contact: Option<&str>, end: End) {
        let mut more = String::new();
        if let Some(contact) = contact {
            line(&mut more, "Contact", &format!("<{contact}>"));
        }
        let response = self.invite.response(status, &self.tag, &more, "");
        self.last_response.clone_from(&response);
        self.state = State::Refusing(end);
        self.driver.audio = None;
        self.driver.note(|progress| {
            progress.last_status = Some(status);
            progress.end.get_or_insert(end);
        });
        let (cap, give_up_ms) = (self.driver.t2(), self.driver.timers().b_ms);
        self.driver
            .send_until_stopped(response, self.invite.source, cap, give_up_ms)
            .await;
    }

    async fn bye(&mut self) {
        self.dialog.cseq += 1;
        let shared = &self.driver.shared;
        let bye = self
            .dialog
            .request("BYE", &shared.via(&shared.branch()), &shared.contact());
        let hop: SocketAddr = self.dialog.next_hop();
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

    async fn on_message(&mut self, message: &Inbound) {
        let Some(method) = message.method.as_deref() else {
            let inside = &mut self.inside;
            if inside
                .on_response(message, &mut self.driver, &mut self.dialog)
                .await
            {
                return;
            }
            if message.cseq_method == "BYE" && self.state == State::Ending && message.status >= 200
            {
                self.over(End::HungUpHere);
            }
            return;
        };
        if self.state == State::Talking
            && message.to_tag.is_some()
            && self
                .inside
                .on_request(message, &self.tag, &mut self.driver)
                .await
        {
            return;
        }
        match method {
            "INVITE" if message.to_tag.is_some() => self.reply(message, 488).await,
            // Our retransmission timers already repeat a final response; a repeated INVITE asks for it at once.
            "INVITE" => self.driver.send(&self.last_response, message.source).await,
            "ACK" => self.on_ack(message).await,
            "CANCEL" => {
                self.reply(message, 200).await;
                if self.state == State::Proceeding {
                    self.refuse(487, None, End::Cancelled).await;
                }
            }
            "BYE" => {
                self.reply(message, 200).await;
                if !matches!(self.state, State::Over | State::Refusing(_)) {
                    self.over(End::HungUpThere);
                }
            }
            "OPTIONS" => self.reply(message, 200).await,
            _ => self.reply(message, 405).await,
        }
    }

    async fn on_ack(&mut self, ack: &Inbound) {
        match self.state {
            State::Answering => {
                self.state = State::Talking;
                self.driver.resend = None;
                if !ack.body.is_empty() {
                    self.connect(&ack.body);
                }
                if self.hang_up_wanted {
                    self.bye().await;
                }
            }
            State::Refusing(end) => self.over(end),
            State::Proceeding | State::Talking | State::Ending | State::Over => {}
        }
    }

    async fn reply(&self, request: &Inbound, status: u16) {
        let response = request.response(status, &self.tag, "", "");
        self.driver.send(&response, request.source).await;
    }
}
