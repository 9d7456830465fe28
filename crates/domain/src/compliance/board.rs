//! What a compliance officer looks at: dates and days left, and the clocks of incidents.

use super::exit::ExitItem;
use super::incidents::clocks;
use super::records::{Evidence, EvidenceRecord};
use super::require_phi_allowed;
use crate::boards::{Board, Kind};
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;

pub(crate) const BOARD: Kind = Kind {
    name: "compliance",
    says: "Evidence of law and contract: from when, until when, days left",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

pub(crate) const INCIDENTS_BOARD: Kind = Kind {
    name: "security-incidents",
    says: "Security incidents and breaches, who must be told by when, and who was",
    may_see: None,
    draw: |t, _, now| draw_incidents(t, now),
};

/// Days from one date to a later one; negative when it is past.
fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

fn standing(record: &EvidenceRecord, today: Date, warn_days: u32) -> String {
    if record.from > today {
        return format!("not before {}", record.from);
    }
    let Some(last) = record.expires else {
        return "in force".into();
    };
    match days(today, last) {
        left if left < 0 => format!("EXPIRED {} days ago", -left),
        left if i64::from(left) <= i64::from(warn_days) => format!("{left} days left: renew"),
        left => format!("{left} days left"),
    }
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let today = t.today(now);
    let columns = [
        "record",
        "proves",
        "filed by",
        "from",
        "expires",
        "standing",
        "reference",
    ];
    let mut board = Board::new("Evidence of law and contract", &columns);
    for filed in t.compliance.records.values() {
        let record = &filed.record;
        let expires = record.expires.map(|last| last.to_string());
        board.row([
            record.record.to_string(),
            record.proves.words(),
            filed.by.to_string(),
            record.from.to_string(),
            expires.unwrap_or_default(),
            standing(record, today, t.terms.compliance.expiry_warning_days),
            record.reference.clone(),
        ]);
    }
    match require_phi_allowed(t, None, now) {
        Ok(()) => board.note("Patient data may enter: a business associate agreement is in force."),
        Err(refusal) => board.note(format!("No patient data: {}.", refusal.missing.join("; "))),
    }
    for order in &t.compliance.erasures {
        let ordered_on = t.today(order.at);
        let what = order.erased.words();
        board.note(format!(
            "Erasure of {what} ordered on {ordered_on}: {}.",
            order.reason
        ));
    }
    exit_notes(t, today, &mut board);
    board
}

/// Shown once an end is in sight: the agreement has a last day, or somebody began to clear up.
fn exit_notes(t: &Transition, today: Date, board: &mut Board) {
    let records = t.compliance.records.values().map(|filed| &filed.record);
    let agreements = records.filter(|r| r.proves == Evidence::Baa);
    let last = agreements.map(|r| r.expires.unwrap_or(Date::MAX)).max();
    let ended = last.is_some_and(|last| last < today);
    let begun = !t.compliance.exit.is_empty();
    for item in ExitItem::ALL {
        match t.compliance.exit.get(&item) {
            Some(done) => board.note(format!("Exit: {}, {}.", item.words(), done.reference)),
            None if ended => board.note(format!(
                "Exit: {} is OPEN; the agreement has ended.",
                item.words()
            )),
            None if begun => board.note(format!("Exit: {} is open.", item.words())),
            None => {}
        }
    }
}

fn draw_incidents(t: &Transition, now: Timestamp) -> Board {
    let columns = [
        "incident",
        "kind",
        "at",
        "discovered",
        "must be told",
        "due",
        "standing",
    ];
    let mut board = Board::new("Security incidents", &columns);
    for (id, incident) in &t.compliance.incidents {
        let reported = &incident.reported;
        let mut row = |told: &str, due: String, standing: String| {
            board.row([
                id.to_string(),
                reported.kind.words().to_owned(),
                reported.at_party.to_string(),
                reported.discovered_at.to_string(),
                told.to_owned(),
                due,
                standing,
            ]);
        };
        let running = clocks(t, incident);
        if running.is_empty() {
            row("nobody", String::new(), String::new());
        }
        for clock in running {
            row(
                clock.notice.words(),
                clock.due.to_string(),
                clock.words(now),
            );
        }
    }
    board
}
