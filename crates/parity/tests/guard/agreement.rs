//! What both signed: soak, and margins signed anew.

use super::{DAY_US, after, beat, days, signed};
use segue_parity::guard::record::Arm;
use segue_parity::guard::{Guard, Record, Situation, Verdict};

#[test]
fn a_step_is_never_over_before_its_slowest_guardrail_can_see() {
    // Records within an hour, a feed that speaks each quarter of an hour, blocks of three hours.
    let slowest_s = 3_600 + 900 + 3 * 3_600;
    assert_eq!(signed().rules().soak_s(), slowest_s);
    let mut written = signed().rules().clone();
    written.conduct.soak_s = u32::try_from(slowest_s).unwrap() - 1;
    let faults = written.clone().check().unwrap_err();
    assert!(faults.to_string().contains("sees harm only within"));
    written.conduct.soak_s += 1;
    assert_eq!(written.check().unwrap().rules().soak_s(), slowest_s);
    // An early step without harm and with little evidence: nothing is asked before harm could have shown.
    let calls = days(1, |_, _| {});
    for (on_step_s, asked) in [(slowest_s - 1, false), (slowest_s, true)] {
        let mut guard = Guard::new(signed());
        for call in &calls {
            let _ = guard.observe(&Record::Call(*call));
        }
        let now_us = 2 * DAY_US;
        beat(&mut guard, now_us);
        let situation = Situation {
            step_began_us: now_us - i64::try_from(on_step_s).unwrap() * 1_000_000,
            largest_step: false,
            ..Situation::default()
        };
        let assessment = guard.assess(now_us, situation);
        let soaks = assessment.reasons == ["The soak of this step is not over."];
        assert_eq!(soaks, !asked, "{:?}", assessment.reasons);
    }
}

#[test]
fn margins_agreed_anew_begin_afresh_and_other_changes_do_not() {
    let calls = days(30, |key, call| {
        let every = if call.place.arm == Arm::InHouse {
            20
        } else {
            8
        };
        call.transferred = Some(key / 2 % every == 0);
    });
    let (mut guard, before) = after(&calls, 31 * DAY_US);
    assert_eq!(before.verdict, Verdict::Fail);
    guard.rolled_back(31 * DAY_US);
    let mut written = guard.rules().rules().clone();
    written.agreement = "the next version".to_owned();
    written.floors.offered_min = 20;
    assert!(!guard.renew(written.clone().check().unwrap()));
    let same = guard.assess(31 * DAY_US, Situation::default());
    assert_eq!(same.verdict, Verdict::Fail, "evidence stays");
    assert_eq!(same.inputs.agreement, "the next version");
    written.metrics[1].margin_bp = 900;
    assert!(guard.renew(written.check().unwrap()));
    let anew = guard.assess(31 * DAY_US, Situation::default());
    assert_eq!(
        anew.verdict,
        Verdict::NoData,
        "another margin, other evidence"
    );
    assert!(
        anew.inputs.cool_down_until_us.is_some(),
        "a cool-down is not signed away"
    );
}
