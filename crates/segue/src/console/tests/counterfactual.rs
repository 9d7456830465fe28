//! "Had we not moved" on this node: a block of stored decisions is replayed once, recorded, told to the guards, and shown.

use super::rig::{OUT, Rig};
use crate::clock;
use crate::console::guard::GuardLoop;
use crate::node::policy::arm_name;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use segue_domain::calendar::HolidayDeclared;
use segue_domain::counterfactual::StaffingKey;
use segue_domain::counterfactual::frozen_staffing::{
    FrozenStaffing, FrozenStaffingSigned, StaffedHours, StaffingFreezeProposed,
};
use segue_domain::signature::Signed;
use segue_domain::{Event, Side};
use segue_journal::facts::{AcdEventKind, Decision, FactsWriter};
use segue_routing::Arm as Route;
use segue_web::Console as _;
use segue_web::parity::{ChunkParity, RowKind};

const BLOCK: SignedDuration = SignedDuration::from_hours(3);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn key() -> StaffingKey {
    StaffingKey {
        site: "RVS-Main".into(),
        call_type: "MSG".into(),
    }
}

/// One agent round the clock, signed by both.
fn frozen() -> Vec<Event> {
    let at = clock::now();
    let staffing = FrozenStaffing {
        key: key(),
        staffed: vec![StaffedHours {
            hours: "always".into(),
            agents: 1,
        }],
        holidays: Vec::new(),
        aht_s: 90,
        patience_s: Some(90),
        show_up_bp: 10_000,
        first_day: "2026-01-01".parse().unwrap(),
        last_day: "2026-03-31".parse().unwrap(),
        reference: "report 3".into(),
        hash: "ab".repeat(32),
    };
    let signed = |side: Side| {
        Event::FrozenStaffingSigned(FrozenStaffingSigned {
            key: key(),
            signed: Signed {
                signatory: "director".into(),
                side,
                public_key: String::new(),
                signed_hash: staffing.hash.clone(),
                signature: String::new(),
                clinical: false,
                at,
            },
        })
    };
    let signatures = Side::BOTH.map(signed);
    let proposed = StaffingFreezeProposed { staffing, at };
    std::iter::once(Event::StaffingFreezeProposed(proposed))
        .chain(signatures)
        .collect()
}

/// The block that runs now.
fn block() -> Timestamp {
    let length_s = BLOCK.as_secs();
    let now_s = clock::now().as_second();
    Timestamp::from_second(now_s.div_euclid(length_s) * length_s).unwrap()
}

/// Calls a few minutes apart, one in four kept at home; every second one outside was never served, and one was a test.
async fn a_block_of_calls(rig: &Rig, from: Timestamp) {
    for n in 0..40_u8 {
        let home = n % 4 == 0;
        let decision = Decision {
            call_id: format!("{:032x}", u128::from(n) + 1),
            at: from + 4 * i32::from(n) * MINUTE,
            node: "A".to_owned(),
            table_hash: "t".to_owned(),
            line: "RVS-Main-TFN".to_owned(),
            chunk: Some(OUT.to_owned()),
            rule: "share".to_owned(),
            bucket: Some(1),
            pi_bp: 2_000,
            arm: arm_name(if home {
                Route::InHouse
            } else {
                Route::Outsourced
            })
            .to_owned(),
            reason: "test".to_owned(),
            targets: Vec::new(),
            caller: None,
            dialled: "7001".to_owned(),
            is_test: n == 39,
        };
        let source = if home { "in_house/hq" } else { "outsourced/CB" };
        let told: &[_] = if n % 2 == 0 {
            &[(AcdEventKind::Queued, 0), (AcdEventKind::Answered, 5)]
        } else {
            &[]
        };
        rig.store(decision, source, told).await;
    }
}

async fn shown(rig: &Rig, guards: &mut GuardLoop, now: Timestamp) -> ChunkParity {
    rig.shared().memory().fed_at = [Some(now), Some(now)];
    rig.shared()
        .guard(guards, now, 9 * SignedDuration::from_hours(1))
        .await;
    rig.console.parity().chunks.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_block_is_replayed_once_and_is_what_the_guard_holds_the_outsourcer_against() {
    let rig = Rig::knowing(&frozen()).await;
    let from = block();
    a_block_of_calls(&rig, from).await;
    let is_recorded = |rig: &Rig| {
        let t = rig.shared().transition();
        let replayed = t.counterfactuals.replayed(&key());
        replayed.and_then(|r| r.blocks().find(|b| b.from == from).cloned())
    };
    // While it runs, and while decisions may be on their way, nothing is said of it.
    let over = from + BLOCK;
    rig.shared().replay_blocks(over + MINUTE).await;
    rig.follow().await;
    assert_eq!(is_recorded(&rig), None);
    let mut guards = GuardLoop::default();
    let before = shown(&rig, &mut guards, over + MINUTE).await;
    assert_eq!(before.had_we_not_moved, None);
    // Twice before this node has read its own fact, and once after: one fact.
    rig.shared().replay_blocks(over + 3 * MINUTE).await;
    rig.shared().replay_blocks(over + 3 * MINUTE).await;
    rig.follow().await;
    let again = rig.shared().replay_blocks(over + 4 * MINUTE).await;
    assert!(again.is_empty(), "{again:?}");
    let recorded = is_recorded(&rig).unwrap();
    assert_eq!(
        recorded.offered, 39,
        "both arms and who was never served, but no test"
    );
    assert!(recorded.hung_up.mean_x100 > 0);
    // The guard is told before the block is judged, and the page shows it.
    let chunk = shown(&rig, &mut guards, over + 20 * MINUTE).await;
    let says = chunk.had_we_not_moved.unwrap();
    assert!(says.starts_with("Had we not moved: "), "{says}");
    assert!(
        says.contains(
            " of the 39 callers of the whole call type in 1 replayed block would have hung up; "
        ),
        "{says}"
    );
    let picture = chunk.picture.unwrap();
    let row = picture
        .rows
        .iter()
        .find(|row| row.kind == RowKind::Counterfactual);
    let row = row.unwrap();
    let (low, high) = row.interval.unwrap();
    assert!(low <= row.value && row.value <= high, "{row:?}");
    assert!(
        chunk
            .not_known
            .iter()
            .all(|says| !says.starts_with("Had we not moved")),
        "{:?}",
        chunk.not_known
    );
    // Another process, with nothing remembered, hears of it as well.
    let chunk = shown(&rig, &mut GuardLoop::default(), over + 21 * MINUTE).await;
    assert!(chunk.had_we_not_moved.is_some());
}

#[tokio::test]
async fn a_block_of_which_calls_are_missing_is_not_recorded() {
    let rig = Rig::knowing(&frozen()).await;
    let from = block();
    a_block_of_calls(&rig, from).await;
    let another = Decision {
        call_id: "e".repeat(32),
        at: from + 2 * MINUTE,
        ..rig
            .facts
            .decision(&format!("{:032x}", 1))
            .await
            .unwrap()
            .unwrap()
    };
    // A queue with room for one, and two to go in at once.
    let writer = FactsWriter::start(rig.facts.clone(), 1);
    let lost = Decision {
        call_id: "f".repeat(32),
        ..another.clone()
    };
    assert!(writer.decision(another) && !writer.decision(lost));
    writer.flush().await;
    let over = from + BLOCK;
    // An earlier block of the day may be recorded: no call of it is missing.
    let recorded = rig.shared().replay_blocks(over + 3 * MINUTE).await;
    assert!(recorded.iter().all(|(_, at)| *at != from), "{recorded:?}");
}

/// The staffing has no row of a holiday, and today is one.
#[tokio::test]
async fn a_holiday_without_a_signed_staffing_is_left_out_and_the_page_says_so() {
    let from = block();
    let declared = [-1, 0, 1].map(|days| {
        let day = from + 24 * days * SignedDuration::from_hours(1);
        Event::HolidayDeclared(HolidayDeclared {
            date: day.to_zoned(TimeZone::UTC).date(),
            name: "Founders' Day".into(),
            by: Side::Client,
            person: "rvs-manager".into(),
            at: clock::now(),
        })
    });
    let facts: Vec<_> = frozen().into_iter().chain(declared).collect();
    let rig = Rig::knowing(&facts).await;
    a_block_of_calls(&rig, from).await;
    let now = from + BLOCK + 3 * MINUTE;
    assert!(rig.shared().replay_blocks(now).await.is_empty());
    rig.shared().look_on(from + BLOCK - MINUTE).await;
    let chunk = shown(&rig, &mut GuardLoop::default(), now).await;
    assert_eq!(chunk.had_we_not_moved, None);
    let said = "not known for a holiday: no in-house staffing of Founders' Day";
    assert!(
        chunk.not_known.iter().any(|says| says.contains(said)),
        "{:?}",
        chunk.not_known
    );
}

#[tokio::test]
async fn while_a_block_runs_the_page_shows_it_so_far_and_nothing_is_recorded() {
    let rig = Rig::knowing(&frozen()).await;
    let from = block();
    a_block_of_calls(&rig, from).await;
    let now = from + BLOCK - MINUTE;
    rig.shared().look_on(now).await;
    let chunk = shown(&rig, &mut GuardLoop::default(), now).await;
    let says = chunk.had_we_not_moved.unwrap();
    assert!(says.starts_with("Had we not moved: "), "{says}");
    assert!(
        says.contains(" callers of the whole call type since "),
        "{says}"
    );
    assert!(says.ends_with("this is no evidence yet."), "{says}");
    let rows = chunk.picture.unwrap().rows;
    let row = rows.iter().find(|row| row.kind == RowKind::Counterfactual);
    let (low, high) = row.unwrap().interval.unwrap();
    assert!(low < high, "{low} {high}");
    let recorded = |rig: &Rig| {
        rig.shared()
            .transition()
            .counterfactuals
            .replayed(&key())
            .cloned()
    };
    rig.follow().await;
    assert_eq!(recorded(&rig), None);
    // The next block runs, and nobody has called in it.
    rig.shared().look_on(from + BLOCK + MINUTE).await;
    assert!(rig.shared().memory().so_far.is_empty());
}

#[tokio::test]
async fn without_a_frozen_staffing_nothing_is_replayed_and_the_page_says_so() {
    let rig = Rig::new().await;
    let from = block();
    a_block_of_calls(&rig, from).await;
    let now = from + BLOCK + 3 * MINUTE;
    assert!(rig.shared().replay_blocks(now).await.is_empty());
    let chunk = shown(&rig, &mut GuardLoop::default(), now).await;
    assert_eq!(chunk.had_we_not_moved, None);
    let said =
        "no staffing of MSG at RVS-Main is frozen and signed by both (`segue do freeze-staffing`)";
    assert!(
        chunk.not_known.iter().any(|says| says.contains(said)),
        "{:?}",
        chunk.not_known
    );
}
