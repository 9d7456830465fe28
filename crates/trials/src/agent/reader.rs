//! The reading side of an agent's socket: each message to its call, new calls to their owner, strays answered
//! without state.

use super::wire::Inbound;
use super::{ALLOW, Incoming, Shared, Uas, add, dialog_key, lock, open_audio, server_key};
use crate::tone::Tone;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

const DATAGRAM_BYTES_MAX: usize = 65_535;

pub(super) async fn read(shared: Arc<Shared>, arrivals: mpsc::Sender<Incoming>) {
    let mut datagram = vec![0_u8; DATAGRAM_BYTES_MAX];
    loop {
        let received = tokio::select! {
            () = shared.stop.stopped() => return,
            received = shared.socket.recv_from(&mut datagram) => received,
        };
        // A pending ICMP error surfaces here; it belongs to a datagram already given up on.
        let Ok((length, source)) = received else {
            continue;
        };
        if shared.silent.load(Ordering::Relaxed) {
            continue;
        }
        let bytes = datagram.get(..length).unwrap_or_default();
        let Some(message) = Inbound::read(bytes, source) else {
            // Keep-alives of bare line breaks are no fault (RFC 5626 §3.5.1).
            if bytes.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
                add(&shared.counters.unreadable);
            }
            continue;
        };
        dispatch(&shared, message, &arrivals).await;
    }
}

async fn dispatch(shared: &Arc<Shared>, message: Inbound, arrivals: &mpsc::Sender<Incoming>) {
    let key = match (&message.method, &message.to_tag) {
        (None, _) => dialog_key(&message.call_id, &message.from_tag),
        (Some(_), Some(tag)) => dialog_key(&message.call_id, tag),
        (Some(_), None) => server_key(&message.call_id, &message.branch),
    };
    let call = lock(&shared.calls).get(&key).cloned();
    if let Some(call) = call {
        if call.try_send(message).is_err() {
            add(&shared.counters.queue_full);
        }
        return;
    }
    match (message.method.as_deref(), message.to_tag.is_some()) {
        (Some("INVITE"), false) => arrive(shared, message, arrivals).await,
        (Some("OPTIONS"), false) => answer(shared, &message, 200).await,
        (Some("ACK") | None, _) => add(&shared.counters.strays),
        (Some("BYE" | "CANCEL"), _) | (Some(_), true) => {
            add(&shared.counters.strays);
            answer(shared, &message, 481).await;
        }
        (Some(_), false) => answer(shared, &message, 405).await,
    }
}

async fn arrive(shared: &Arc<Shared>, invite: Inbound, arrivals: &mpsc::Sender<Incoming>) {
    let audio = match arrivals.capacity() {
        0 => None,
        _ if shared.is_full() => None,
        // Plays nothing until its owner says so.
        _ => open_audio(shared, Tone::Silence).await.ok(),
    };
    let Some(audio) = audio else {
        add(&shared.counters.refused_full);
        return answer(shared, &invite, 503).await;
    };
    let tag = format!("{:016x}", shared.bits());
    let keys = vec![
        server_key(&invite.call_id, &invite.branch),
        dialog_key(&invite.call_id, &tag),
    ];
    let (driver, leg) = shared.driver(keys, Some(audio));
    shared.spawn(Uas::new(driver, invite.clone(), tag).run());
    // There was room a moment ago and this is the only sender; a refused call is hung up by its drop.
    let _ = arrivals.try_send(Incoming { invite, leg });
}

/// Answers without state.
async fn answer(shared: &Shared, request: &Inbound, status: u16) {
    let tag = format!("{:016x}", shared.bits());
    let allow = format!("Allow: {ALLOW}\r\n");
    shared
        .send(&request.response(status, &tag, &allow, ""), request.source)
        .await;
}
