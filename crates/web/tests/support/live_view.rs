//! The live page of the fixture: Tue 13 Apr 2027 10:42 EDT.

use super::{AS_OF, at, parity_not_proved};
use segue_web::SCOPE_ALL;
use segue_web::view::{
    Aspect, BlindSpot, ChainCheck, CheckView, ChunkView, HourView, JoinView, JournalEntry,
    LastResort, LineView, LiveView, NodeView, PhaseState, PhaseView, RefusalView, ScopeView,
    SideNow, SideTotals, StateView,
};

fn one_centre() -> RefusalView {
    RefusalView {
        code: "SITE_SERIAL".into(),
        rule: "One centre moves at a time.".into(),
        missing: vec!["RVS-Main accepted as a whole".into()],
        who: "Both parties".into(),
        how: "Accept every chunk of RVS-Main first.".into(),
    }
}

fn state(aspect: Aspect, word: &str, note: &str, when: Option<&str>) -> StateView {
    StateView {
        aspect,
        word: word.into(),
        note: Some(note.into()),
        at: when.map(at),
    }
}

fn side(live: u64, p90: Option<f64>, waiting: u64, longest: Option<f64>) -> SideNow {
    SideNow {
        live_calls: Some(live),
        p90_wait_s: p90,
        waiting_calls: Some(waiting),
        longest_wait_s: longest,
    }
}

fn chunk(code: &str, call_type: &str, out: u8, rate: f64, state: StateView) -> ChunkView {
    ChunkView {
        code: code.into(),
        call_type: call_type.into(),
        window_open: true,
        out_percent: Some(out),
        calls_per_hour: Some(rate),
        in_house: side(0, None, 0, None),
        outsourced: side(0, None, 0, None),
        state,
        locks: Vec::new(),
    }
}

fn main_chunks() -> Vec<ChunkView> {
    let held = |when| state(Aspect::Proved, "Held", "accepted", Some(when));
    let mut msg = chunk("MSG", "Message", 100, 118.0, held("2026-12-11T15:00:00Z"));
    msg.outsourced = side(3, Some(14.0), 1, Some(9.0));
    let mut appt = chunk(
        "APPT",
        "Appointment",
        100,
        92.0,
        held("2027-02-05T15:00:00Z"),
    );
    appt.outsourced = side(8, Some(31.0), 2, Some(22.0));
    let mut cons = chunk("CONS", "Consult", 100, 19.0, held("2027-03-01T15:00:00Z"));
    cons.outsourced = side(2, Some(27.0), 0, None);
    let not_proved = state(Aspect::Open, "Live, not proved", "500 of 1,500 calls", None);
    let mut day = chunk("TRI-D", "Triage, weekday days", 25, 26.0, not_proved);
    day.in_house = side(4, Some(44.0), 1, Some(31.0));
    day.outsourced = side(1, Some(52.0), 1, Some(48.0));
    day.locks = vec![parity_not_proved()];
    let opens = state(
        Aspect::Proved,
        "Held",
        "window opens",
        Some("2027-04-13T23:00:00Z"),
    );
    let mut night = chunk("TRI-N", "Triage, nights", 80, 0.0, opens);
    night.window_open = false;
    night.calls_per_hour = None;
    let mut weekend = chunk(
        "TRI-W",
        "Triage, weekend days",
        0,
        0.0,
        state(Aspect::Lock, "Locked", "until TRI-D is accepted", None),
    );
    weekend.window_open = false;
    weekend.calls_per_hour = None;
    vec![msg, appt, cons, day, night, weekend]
}

fn north_chunks() -> Vec<ChunkView> {
    let locked = || state(Aspect::Lock, "Locked", "one centre at a time", None);
    let mut msg = chunk("N-MSG", "Message", 0, 51.0, locked());
    msg.in_house = side(1, Some(17.0), 0, None);
    msg.locks = vec![one_centre()];
    let mut appt = chunk("N-APPT", "Appointment", 0, 35.0, locked());
    appt.in_house = side(3, Some(29.0), 1, Some(12.0));
    appt.locks = vec![one_centre()];
    vec![msg, appt]
}

fn phases() -> Vec<PhaseView> {
    let phase = |name: &str, state, note: &str, when: Option<&str>| PhaseView {
        name: name.into(),
        state,
        note: note.into(),
        at: when.map(at),
    };
    vec![
        phase(
            "Contract",
            PhaseState::Done,
            "signed",
            Some("2026-08-31T16:00:00Z"),
        ),
        phase(
            "Discovery",
            PhaseState::Done,
            "signed",
            Some("2026-10-16T16:00:00Z"),
        ),
        phase(
            "Plan",
            PhaseState::Done,
            "agreed",
            Some("2026-10-30T16:00:00Z"),
        ),
        phase(
            "Test",
            PhaseState::Now,
            "6 of 8 chunks passed their gate",
            None,
        ),
        phase("Move", PhaseState::Now, "4 of 8 chunks accepted", None),
        phase("Steady", PhaseState::Shut, "not yet", None),
    ]
}

fn journal() -> Vec<JournalEntry> {
    let entry = |position, when: &str, text: &str, refused: Option<&str>, by: &str| JournalEntry {
        position,
        at: at(when),
        text: text.into(),
        refused: refused.map(Into::into),
        by: by.into(),
    };
    vec![
        entry(
            48_213,
            "2027-04-13T14:31:02Z",
            "Guards assessed TRI-D: not proved. Share stays 25 %.",
            None,
            "timer",
        ),
        entry(
            48_212,
            "2027-04-13T14:04:55Z",
            "Raise TRI-D to 50 %.",
            Some("PARITY_NOT_PROVED"),
            "implementation manager, CareBridge",
        ),
        entry(
            48_209,
            "2027-04-13T13:20:44Z",
            "Schedule v8 proposed as a counter to v7.",
            None,
            "implementation manager, CareBridge",
        ),
        entry(
            48_204,
            "2027-04-13T11:00:00Z",
            "TRI-N window closed; TRI-D opened at 25 %.",
            None,
            "agreed schedule v7",
        ),
    ]
}

fn totals(offered: u64, answered: u64, abandoned: u64, p90: f64, longest: f64) -> SideTotals {
    SideTotals {
        offered: Some(offered),
        answered: Some(answered),
        abandoned: Some(abandoned),
        p90_wait_s: Some(p90),
        longest_wait_s: Some(longest),
    }
}

fn checks() -> Vec<CheckView> {
    let check = |what: &str, aspect, response: &str| CheckView {
        what: what.into(),
        aspect,
        response: response.into(),
    };
    vec![
        check("CareBridge trunk answers", Aspect::Proved, "yes"),
        check("In-house trunk answers", Aspect::Proved, "yes"),
        check(
            "Test call answered by a person",
            Aspect::Unknown,
            "none placed yet",
        ),
    ]
}

/// The example transition at its most usual moment.
pub(crate) fn example() -> LiveView {
    let line = |site: &str, number: &str, kind: &str, chunks| LineView {
        site: site.into(),
        number: number.into(),
        kind: kind.into(),
        last_resort: Some(LastResort {
            what: "answering service".into(),
            tested_at: Some(at("2027-04-12T13:00:00Z")),
        }),
        chunks,
    };
    let scope = |scope: &str, label: &str| ScopeView {
        scope: scope.into(),
        label: label.into(),
        expected: None,
    };
    LiveView {
        transition: "Riverside Health to CareBridge".into(),
        client: "Riverside Health".into(),
        outsourcer: "CareBridge".into(),
        example: true,
        zone: "America/New_York".into(),
        as_of: at(AS_OF),
        phases: phases(),
        last_hour: Some(HourView {
            from: at("2027-04-13T13:42:00Z"),
            to: at(AS_OF),
            in_house_calls: 105,
            outsourced_calls: 236,
            agreed_out_percent_max: Some(69),
        }),
        lines: vec![
            line("RVS-Main", "+1-800-555-0142", "toll-free", main_chunks()),
            line("RVS-North", "+1-609-555-0110", "local", north_chunks()),
        ],
        alarm: None,
        home: Vec::new(),
        scopes: vec![
            scope(SCOPE_ALL, "Every call of this transition"),
            scope("TRI-D", "Only triage, weekday days"),
            scope("RVS-Main", "Only RVS-Main, all call types"),
        ],
        nodes: vec![NodeView {
            id: "node-1".into(),
            table_hash: Some("3f2a91c04d77b1e8".repeat(4)),
            position: Some(48_209),
            lease_s_left: Some(280),
            home: false,
            reachable: true,
        }],
        join: Some(join()),
        journal: journal(),
        chain: Some(ChainCheck {
            position: 48_213,
            at: at(AS_OF),
            ok: true,
        }),
        checks: checks(),
        called: Vec::new(),
        blind_spots: blind_spots(),
    }
}

fn join() -> JoinView {
    JoinView {
        since: at("2027-04-13T11:00:00Z"),
        matched: 1_234,
        due: 1_236,
        unserved: 2,
        in_house: totals(410, 391, 17, 41.0, 188.0),
        outsourced: totals(826, 799, 25, 33.0, 141.0),
    }
}

fn blind_spots() -> Vec<BlindSpot> {
    let spot = |what: &str, why: &str| BlindSpot {
        what: what.into(),
        why: why.into(),
    };
    vec![
        spot(
            "Calls the carrier never delivers.",
            "No carrier records are imported; they would show them.",
        ),
        spot(
            "How many people could take calls back.",
            "No roster is imported yet.",
        ),
    ]
}
