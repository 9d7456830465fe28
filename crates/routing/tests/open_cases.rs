//! Open cases: who waits for a promised callback reaches the side that promised it, and never a side that may not have it.

use segue_domain::caller::CallerKey;
use segue_domain::chunks::CutOffAction;
use segue_routing::{
    Arm, Call, ChunkEntry, Episodes, HomeLatch, NumberEntry, OpenCase, Reason, RouteTable,
    Standing, choose,
};

const HOUR_US: i64 = 3_600_000_000;
const CALLER: &str = "+16095550110";

fn table(share_bp: u16) -> RouteTable {
    let chunk = ChunkEntry {
        chunk: "MAIN/TRIAGE".into(),
        site: "MAIN".into(),
        share_bp,
        epoch: 0,
        door_open: true,
        open_us: Some(vec![(0, 100 * HOUR_US)]),
        cut_off_action: CutOffAction::Home,
    };
    let number = |chunk: &ChunkEntry| NumberEntry {
        line: "L1".into(),
        in_house: "sip:7004@127.0.0.2".into(),
        outsourced: "sip:7004@127.0.0.3".into(),
        last_resort: vec!["sip:oncall@127.0.0.4".into()],
        chunks: vec![chunk.clone()],
    };
    RouteTable {
        line_group: "T".into(),
        valid_until_us: i64::MAX,
        numbers: ["7004", "7001"]
            .map(|dialled| (dialled.to_owned(), number(&chunk)))
            .into(),
        escalation_numbers: ["7999".to_owned()].into(),
        ..RouteTable::default()
    }
}

fn key() -> CallerKey {
    CallerKey::new(&[9; 32])
}

fn case(arm: Arm, until_us: i64) -> OpenCase {
    OpenCase {
        caller: key().hash(CALLER),
        dialled: "7004".into(),
        arm,
        until_us,
    }
}

/// Side, rule and π of a call to 7004 at a time.
fn decide(table: &RouteTable, episodes: &Episodes, now_us: i64) -> (Arm, Reason, u16) {
    asked(
        table,
        episodes,
        &HomeLatch::default(),
        "7004",
        Some(CALLER),
        now_us,
    )
}

fn asked(
    table: &RouteTable,
    episodes: &Episodes,
    latch: &HomeLatch,
    dialled: &str,
    caller: Option<&str>,
    now_us: i64,
) -> (Arm, Reason, u16) {
    let standing = Standing {
        latch,
        lease_good: true,
    };
    let call = Call {
        dialled,
        caller,
        call_id: "x",
        source_host: "127.0.0.9",
        already_routed: false,
    };
    let d = choose(table, &standing, episodes, &call, &key(), now_us);
    (d.arm, d.reason, d.pi_bp)
}

fn with(cases: impl IntoIterator<Item = OpenCase>) -> Episodes {
    let mut episodes = Episodes::default();
    let _none = episodes.set_open_cases(cases.into_iter().collect());
    episodes
}

/// A share under which the caller of these tests would go to the other side.
fn share_against(side: Arm) -> u16 {
    let bucket = key().bucket("T", CALLER);
    assert!((2..9_998).contains(&bucket), "choose another caller");
    match side {
        Arm::Outsourced => 1,
        Arm::InHouse => 10_000,
    }
}

#[test]
fn an_open_case_wins_against_the_bucket_on_either_side_and_only_while_it_is_open() {
    for (arm, pi_bp) in [(Arm::Outsourced, 10_000), (Arm::InHouse, 0)] {
        let table = table(share_against(arm));
        let episodes = with([case(arm, 2 * HOUR_US)]);
        for now_us in [0, 2 * HOUR_US - 1] {
            assert_eq!(
                decide(&table, &episodes, now_us),
                (arm, Reason::OpenCase, pi_bp)
            );
        }
        let after = decide(&table, &episodes, 2 * HOUR_US);
        assert!(after.0 != arm && after.1 == Reason::Share, "{after:?}");
    }
}

#[test]
fn an_open_case_wins_against_an_episode() {
    let table = table(10_000);
    let mut episodes = with([case(Arm::Outsourced, HOUR_US)]);
    let (chunk, caller) = ("MAIN/TRIAGE".into(), key().hash(CALLER));
    episodes.note(&chunk, caller, Arm::InHouse, 2_000, 0);
    assert_eq!(decide(&table, &episodes, 1).0, Arm::Outsourced);
    assert_eq!(
        decide(&table, &episodes, HOUR_US).1,
        Reason::Episode,
        "closed"
    );
}

#[test]
fn nothing_that_keeps_calls_home_yields_to_an_open_case() {
    let out = with([case(Arm::Outsourced, i64::MAX)]);
    let full = table(10_000);
    let mut latch = HomeLatch::default();
    assert!(latch.latch(&full, |_| true).was_out);
    let held = asked(&full, &out, &latch, "7004", Some(CALLER), 1);
    assert_eq!((held.0, held.1), (Arm::InHouse, Reason::HomeLatch));
    let home = decide(&table(0), &out, 1);
    assert_eq!(home, (Arm::InHouse, Reason::OpenCase, 0), "no share agreed");
    let closed = decide(&full, &out, 100 * HOUR_US);
    assert_eq!((closed.0, closed.1), (Arm::InHouse, Reason::Window));
    let loops = Call {
        dialled: "7004",
        caller: Some(CALLER),
        call_id: "x",
        source_host: "127.0.0.9",
        already_routed: true,
    };
    let standing = Standing {
        latch: &HomeLatch::default(),
        lease_good: true,
    };
    let d = choose(&full, &standing, &out, &loops, &key(), 1);
    assert_eq!((d.arm, d.reason), (Arm::InHouse, Reason::Loop));
}

#[test]
fn a_case_is_of_one_caller_and_one_number() {
    let table = table(share_against(Arm::Outsourced));
    let out = with([case(Arm::Outsourced, i64::MAX)]);
    let none = HomeLatch::default();
    for (dialled, caller) in [
        ("7001", Some(CALLER)),
        ("7004", Some("+16095550111")),
        ("7004", None),
    ] {
        let other = asked(&table, &out, &none, dialled, caller, 1);
        assert!(
            other.1 != Reason::OpenCase,
            "{dialled} {caller:?}: {other:?}"
        );
    }
}

#[test]
fn where_both_sides_have_a_case_home_counts_in_whatever_order_they_are_told() {
    let table = table(5_000);
    let (home, out) = (case(Arm::InHouse, 10), case(Arm::Outsourced, 20));
    for cases in [[home.clone(), out.clone()], [out, home]] {
        let episodes = with(cases);
        assert_eq!(decide(&table, &episodes, 5).0, Arm::InHouse);
    }
    let twice = with([case(Arm::InHouse, 10), case(Arm::InHouse, 20)]);
    assert_eq!(
        decide(&table, &twice, 15).1,
        Reason::OpenCase,
        "the later end counts"
    );
    let mut replaced = twice;
    let _before = replaced.set_open_cases([].into_iter().collect());
    assert_ne!(decide(&table, &replaced, 15).1, Reason::OpenCase);
}

#[test]
fn a_decided_case_makes_no_episode() {
    assert!(!Reason::OpenCase.makes_episode());
    assert!(Reason::Share.makes_episode() && Reason::Episode.makes_episode());
    let text = serde_json::to_string(&Reason::OpenCase).expect("a word");
    assert_eq!(text, r#""open_case""#);
}
