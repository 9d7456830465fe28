//! Every refusal code is provoked at least once, with what it must name.

use crate::fixture::{self, director, duty, manager, nurse};
use crate::support::{
    Story, evidence, fallback, lower, outcome, propose_plan, propose_step, signature, signed_by,
    test_call,
};
use jiff::civil::date;
use segue_domain::acceptance::{ProposeAcceptance, SignAcceptance, Verdict};
use segue_domain::account_manager::{NameAccountManager, RemoveAccountManager};
use segue_domain::chunks::PlannedChunk;
use segue_domain::discovery::{CompleteDiscoveryItem, OpenDiscovery, SignDiscovery};
use segue_domain::fallback::WriteIncidentNote;
use segue_domain::gates::GateLeg;
use segue_domain::ladder::Rung;
use segue_domain::parties::CreateTransition;
use segue_domain::routing_changes::ProposeStep;
use segue_domain::schedule::{Plan, SignPlan};
use segue_domain::share::ShareInput;
use segue_domain::windows::ShiftWindow;
use segue_domain::{Code, Refusal, Side};
use std::path::{Path, PathBuf};

macro_rules! refusals {
    ($($code:ident, $name:ident: $body:block)*) => {
        $(#[test]
        fn $name() {
            let refusal: Refusal = $body;
            assert_eq!(refusal.code, Code::$code);
        })*
    };
}

fn texts_below(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap();
    let text = |path: PathBuf| {
        if path.is_dir() {
            texts_below(&path)
        } else {
            std::fs::read_to_string(path).unwrap()
        }
    };
    entries.map(|entry| text(entry.unwrap().path())).collect()
}

/// Some test in this folder names each code and expects it.
#[test]
fn every_code_has_a_test_that_provokes_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let texts = texts_below(&folder);
    let expects = |code: &&Code| {
        [
            format!("    {code:?}, "),
            format!("refuses(Code::{code:?},"),
            format!("refuses(\n            Code::{code:?},"),
            format!("refuses(\n                Code::{code:?},"),
        ]
        .iter()
        .any(|text| texts.contains(text))
    };
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !expects(code)).collect();
    assert!(missing.is_empty(), "nothing provokes {missing:?}");
}

const MSG: &str = "RVS-Main/MSG";
const APPT: &str = "RVS-Main/APPT";

fn client() -> segue_domain::Actor {
    manager(Side::Client)
}

/// The creation refused after one change to the example.
#[track_caller]
fn creation(change: impl FnOnce(&mut CreateTransition), code: Code, names: &str) -> Refusal {
    let mut facts = fixture::create();
    change(&mut facts);
    Story::new().when(&client(), facts).refuses(code, names)
}

/// The plan refused after one change to the example.
#[track_caller]
fn planning(change: impl FnOnce(&mut Plan), code: Code, names: &str) -> Refusal {
    let mut plan = fixture::plan();
    change(&mut plan);
    Story::discovered()
        .when(&client(), propose_plan(plan))
        .refuses(code, names)
}

fn live(chunk: &str, percent: u8) -> Story {
    let mut story = Story::agreed();
    story.goes_live(chunk, percent);
    story
}

fn twin(plan: &Plan, id: &str) -> PlannedChunk {
    PlannedChunk {
        id: id.into(),
        ..plan.chunks[0].clone()
    }
}

fn window(text: &str) -> Vec<ShiftWindow> {
    vec![ShiftWindow::new(text, fixture::ZONE)]
}

fn top_share(chunk: &mut PlannedChunk, percent: u8) {
    chunk.steps.truncate(1);
    chunk.steps[0].share_percent = ShareInput::percent(percent);
}

refusals! {
    AlreadyCreated, a_transition_is_created_once: {
        Story::created().when(&client(), fixture::create()).refuses(Code::AlreadyCreated, "")
    }

    NotCreated, nothing_comes_before_creation: {
        Story::new().when(&duty(Side::Client), fallback("all")).refuses(Code::NotCreated, "");
        Story::new()
            .when(&client(), OpenDiscovery { items: Vec::new() })
            .refuses(Code::NotCreated, "created")
    }

    PartiesNotTwo, a_transition_has_exactly_two_parties: {
        creation(|c| c.parties.truncate(1), Code::PartiesNotTwo, "given: 1");
        creation(|c| c.parties.push(c.parties[1].clone()), Code::PartiesNotTwo, "given: 3");
        creation(|c| c.parties[1].side = Side::Client, Code::PartiesNotTwo, "")
    }

    NoSignatory, each_party_has_a_signatory_with_a_key: {
        let weak = "00".repeat(32);
        creation(|c| c.parties[1].signatories[0].public_key = weak, Code::NoSignatory, "cb-director");
        creation(|c| c.parties[0].signatories[0].public_key.clear(), Code::NoSignatory, "rvs-director");
        creation(|c| c.parties[1].signatories.clear(), Code::NoSignatory, "CareBridge")
    }

    BadFact, names_references_and_zones_are_real: {
        creation(|c| c.sites[0].zone = "America/Nowhere".into(), Code::BadFact, "America/Nowhere");
        creation(|c| c.sites[1].id = c.sites[0].id.clone(), Code::BadFact, "RVS-Main");
        creation(|c| c.sites.clear(), Code::BadFact, "site");
        creation(|c| c.lines[0].site = "RVS-South".into(), Code::BadFact, "RVS-South");
        creation(|c| c.lines[0].id = "a b".into(), Code::BadFact, "a b");
        creation(|c| c.lines[0].routes[1].dialled = "7001".into(), Code::BadFact, "7001");
        creation(|c| c.lines[0].routes[0].in_house = "7001".into(), Code::BadFact, "SIP URI");
        creation(|c| c.lines[0].routes[0].in_house.push_str("\r\nX: y"), Code::BadFact, "SIP URI");
        creation(|c| c.lines[0].routes.clear(), Code::BadFact, "RVS-Main-TFN");
        creation(|c| c.lines[0].routes[0].call_types = vec!["FAX".into()], Code::BadFact, "FAX");
        let twice = "rvs-director";
        creation(|c| c.parties[1].signatories[0].person = twice.into(), Code::BadFact, twice);
        let (person, deputy) = ("cb-account".into(), Some("cb-account".into()));
        let same = NameAccountManager { person, deputy };
        Story::created().when(&client(), same).refuses(Code::BadFact, "another person");
        let (item, evidence) = ("baseline by type and hour".into(), " ".into());
        let blank = CompleteDiscoveryItem { item, evidence };
        Story::discovering().when(&client(), blank).refuses(Code::BadFact, "evidence");
        planning(|p| p.chunks.clear(), Code::BadFact, "one chunk");
        planning(|p| p.chunks[0].steps.reverse(), Code::BadFact, "rise");
        let other = test_call(MSG, "message × noon × Latin", true);
        Story::agreed().when(&nurse(), other).refuses(Code::BadFact, "Latin")
    }

    NoLastResort, every_line_ends_in_a_last_resort: {
        creation(|c| c.lines[1].last_resort.clear(), Code::NoLastResort, "RVS-North-DID")
    }

    EmergencyTarget, emergency_numbers_are_never_a_target: {
        for number in ["911", "988", "112", "9-1-1"] {
            let uri = format!("sip:{number}@127.0.0.4:5060");
            creation(|c| c.lines[0].last_resort[0] = uri, Code::EmergencyTarget, "RVS-Main-TFN");
        }
        let uri = "sip:911;phone-context=us@127.0.0.3".to_owned();
        creation(|c| c.lines[0].routes[3].outsourced = uri, Code::EmergencyTarget, "911")
    }

    StepUp, whoever_signs_has_shown_within_minutes_who_they_are: {
        let story = Story::new();
        let signature = signed_by(Side::Client, "00");
        let sign = segue_domain::Command::from(SignPlan { version: 1, signature });
        let asked = |ago_s: i64| {
            let proved_at = story.now - jiff::SignedDuration::from_secs(ago_s);
            segue_domain::rights::require_step_up(&sign, Some(proved_at), story.now)
        };
        assert!(asked(0).is_ok() && asked(600).is_ok());
        let home = segue_domain::Command::from(fallback("all"));
        assert!(segue_domain::rights::require_step_up(&home, None, story.now).is_ok());
        assert!(segue_domain::rights::require_step_up(&sign, None, story.now).is_err());
        asked(601).unwrap_err()
    }

    NotAuthorised, an_action_needs_a_role_that_carries_it: {
        let story = live(MSG, 20);
        let (cell, passed) = ("message × day × English", true);
        story.when(&duty(Side::Client), test_call(MSG, cell, passed)).refuses(Code::NotAuthorised, "test calls");
        story.when(&duty(Side::Client), propose_step(MSG, 50)).refuses(Code::NotAuthorised, "prepare");
        story.when(&nurse(), lower(MSG, 10)).refuses(Code::NotAuthorised, "bring calls home");
        let signature = signed_by(Side::Client, &story.t.discovery.hash(&story.t.id));
        story.when(&client(), SignDiscovery { signature }).refuses(Code::NotAuthorised, "sign");
        story.when(&nurse(), fallback("all")).refuses(Code::NotAuthorised, "rvs-nurse")
    }

    NoAccountManager, nothing_goes_forward_without_an_account_manager: {
        let opening = OpenDiscovery { items: Vec::new() };
        Story::created().when(&client(), opening).refuses(Code::NoAccountManager, "");
        let mut story = live(MSG, 20);
        story.does(&client(), RemoveAccountManager {});
        story.waits_for(MSG, 50);
        story.when(&duty(Side::Client), lower(MSG, 10)).records(&["share_changed"]);
        story.when(&client(), propose_plan(fixture::plan())).refuses(Code::NoAccountManager, "");
        story.when(&client(), propose_step(MSG, 50)).refuses(Code::NoAccountManager, "account manager")
    }

    DiscoveryOpen, no_plan_before_discovery_is_signed_by_both: {
        let story = Story::discovering();
        let refusal = story.when(&client(), propose_plan(fixture::plan())).refuses(Code::DiscoveryOpen, "experience workshop held");
        assert_eq!(refusal.missing.len(), 11);
        let signature = signed_by(Side::Client, &story.t.discovery.hash(&story.t.id));
        story.when(&director(Side::Client), SignDiscovery { signature }).refuses(Code::DiscoveryOpen, "");
        let mut story = Story::discovered();
        let item = "baseline by type and hour".to_owned();
        let evidence = "a newer report".to_owned();
        story.does(&client(), CompleteDiscoveryItem { item, evidence });
        story.signs_discovery(Side::Client);
        story.when(&client(), propose_plan(fixture::plan())).refuses(Code::DiscoveryOpen, "signature of CareBridge")
    }

    TypeNotSeparable, calls_that_cannot_be_told_apart_make_no_chunk: {
        let mut facts = fixture::create();
        facts.lines[0].routes[0].call_types.push("APPT".into());
        facts.lines[0].routes.remove(1);
        let mut story = Story::new();
        story.does(&client(), facts);
        story.record(&Story::discovered().facts[1..]);
        for side in Side::BOTH {
            story.signs_discovery(side);
        }
        story.when(&client(), propose_plan(fixture::plan())).refuses(Code::TypeNotSeparable, "MSG calls from others on line RVS-Main-TFN")
    }

    ChunksOverlap, no_call_belongs_to_two_chunks: {
        planning(|p| {
            let mut night = twin(p, "RVS-Main/MSG-night");
            night.windows = window("Mon-Fri 18:00-08:00");
            top_share(&mut night, 20);
            p.chunks[0].windows = window("Mon-Fri 07:00-19:00");
            top_share(&mut p.chunks[0], 20);
            p.chunks.push(night);
        }, Code::ChunksOverlap, "RVS-Main/MSG and RVS-Main/MSG-night")
    }

    ShareSum, two_shares_of_the_same_calls_stay_within_100: {
        planning(|p| {
            let mut second = twin(p, "RVS-Main/MSG-2");
            top_share(&mut second, 60);
            top_share(&mut p.chunks[0], 60);
            p.chunks.push(second);
        }, Code::ShareSum, "120")
    }

    ShareOutOfRange, a_share_is_a_whole_number_to_100: {
        let story = live(MSG, 20);
        for typed in ["110", "-5", "33.3", "\"twenty\"", "\"1e2\"", "null"] {
            let share_percent: ShareInput = serde_json::from_str(typed).unwrap();
            let ask = ProposeStep { chunk: MSG.into(), share_percent };
            story.when(&client(), ask).refuses(Code::ShareOutOfRange, "0–100");
        }
        story.stands(MSG, "live", 20);
        planning(|p| p.chunks[0].steps[2].share_percent = ShareInput::percent(101), Code::ShareOutOfRange, "101")
    }

    WindowInvalid, a_window_is_readable_and_in_a_real_zone: {
        planning(|p| p.chunks[0].windows = window("nights"), Code::WindowInvalid, "nights");
        planning(|p| {
            p.chunks[0].windows = window("daily 08:00-17:00");
            p.chunks[0].windows[0].zone = "Eastern".into();
        }, Code::WindowInvalid, "Eastern")
    }

    LadderFixed, no_type_stands_below_its_rung: {
        creation(|c| c.call_types[3].placed_on = Some(Rung::Message), Code::LadderFixed, "TRIAGE on triage or above");
        creation(|c| c.call_types[3].placed_on = Some(Rung::Consult), Code::LadderFixed, "not on consult")
    }

    LadderInversion, easier_work_is_dated_first: {
        planning(|p| p.chunks[3].steps[0].from = date(2027, 3, 1), Code::LadderInversion, "RVS-Main/APPT (appointment, 2027-03-29) before RVS-Main/TRIAGE (triage, 2027-03-01)")
    }

    LadderLocked, a_rung_opens_when_the_easier_one_is_accepted: {
        let mut story = live(MSG, 100);
        story.waits_for(APPT, 20);
        story.readies(APPT);
        story.when(&client(), propose_step(APPT, 20)).refuses(Code::LadderLocked, "RVS-Main/MSG accepted")
    }

    SiteSerial, one_centre_at_a_time: {
        let mut story = live(MSG, 50);
        story.waits_for("RVS-North/MSG", 20);
        story.proves(MSG);
        story.readies("RVS-North/MSG");
        story.when(&client(), propose_step("RVS-North/MSG", 20)).refuses(Code::SiteSerial, "RVS-Main/MSG live")
    }

    ScheduleNotAgreed, nothing_moves_on_one_signature: {
        for side in Side::BOTH {
            let mut story = Story::discovered();
            story.proposes(side, fixture::plan());
            story.signs_plan(side, 1);
            story.hours_pass(45 * 24);
            let missing = story.t.parties.name(side.other());
            story.when(&client(), propose_step(MSG, 20)).refuses(Code::ScheduleNotAgreed, &missing);
        }
        // Nor is a share raised by one side where it may be lowered by one.
        let refusal = live(MSG, 20).when(&client(), lower(MSG, 50)).refuses(Code::ScheduleNotAgreed, "other party");
        Story::discovered().when(&client(), propose_step(MSG, 20)).refuses(Code::ScheduleNotAgreed, "proposed plan");
        refusal
    }

    StepNotInPlan, a_step_is_the_next_agreed_one: {
        let mut story = live(MSG, 20);
        story.waits_for(MSG, 100);
        story.proves(MSG);
        story.when(&client(), propose_step(MSG, 100)).refuses(Code::StepNotInPlan, "50 %");
        story.when(&client(), propose_step(MSG, 33)).refuses(Code::StepNotInPlan, "not 33 %")
    }

    StepTooEarly, a_step_waits_for_its_date_at_the_site: {
        let mut story = Story::agreed();
        story.proves(MSG);
        for side in Side::BOTH {
            let command = story.sign_gate(side, MSG);
            story.does(&director(side), command);
        }
        story.when(&client(), propose_step(MSG, 20)).refuses(Code::StepTooEarly, "2027-03-01");
        // Midnight in New York is five hours after midnight in UTC.
        story.now = "2027-03-01T04:59:59Z".parse().unwrap();
        story.proves(MSG);
        for side in Side::BOTH {
            let command = story.sign_gate(side, MSG);
            story.does(&director(side), command);
        }
        let refusal = story.when(&client(), propose_step(MSG, 20)).refuses(Code::StepTooEarly, "2027-02-28");
        story.now = "2027-03-01T05:00:00Z".parse().unwrap();
        story.when(&client(), propose_step(MSG, 20)).records(&["step_proposed"]);
        refusal
    }

    StepTooEarly, a_step_that_comes_late_moves_the_next_one_with_it: {
        let mut story = Story::agreed();
        // The last step's date has passed before the first is taken, on a Monday.
        story.not_before("2027-03-22T14:00:00Z".parse().unwrap());
        story.goes_live(MSG, 20);
        assert_eq!(story.t.day_at(&"RVS-Main".into(), story.now), date(2027, 3, 22));
        let refusal = story.when(&client(), propose_step(MSG, 50)).refuses(Code::StepTooEarly, "2027-03-25, as the step before came late");
        story.not_before("2027-03-25T04:00:00Z".parse().unwrap());
        story.when(&client(), propose_step(MSG, 50)).records(&["step_proposed"]);
        refusal
    }

    GateRed, each_leg_and_each_cell_alone_keeps_the_gate_red: {
        let mut ready = Story::agreed();
        ready.proves(MSG);
        for leg in GateLeg::ALL {
            let mut story = ready.clone();
            story.does(&client(), evidence(MSG, leg, false));
            story.when(&director(Side::Client), story.sign_gate(Side::Client, MSG)).refuses(Code::GateRed, leg.words());
            story.when(&client(), propose_step(MSG, 20)).refuses(Code::GateRed, leg.words());
        }
        for cell in ["message × day × English", "message × night × Spanish"] {
            let mut story = ready.clone();
            story.does(&nurse(), test_call(MSG, cell, false));
            // The outsourcer's own call does not count (A24).
            story.does(&manager(Side::Outsourcer), test_call(MSG, cell, true));
            story.when(&director(Side::Client), story.sign_gate(Side::Client, MSG)).refuses(Code::GateRed, cell);
        }
        ready.hours_pass(14 * 24 + 1);
        let refusal = ready.when(&director(Side::Client), ready.sign_gate(Side::Client, MSG)).refuses(Code::GateRed, "older than 14 days");
        let stale = refusal.missing.iter().filter(|m| m.contains("evidence older") || m.contains("test cell"));
        assert_eq!(stale.count(), 7, "five legs and two cells: {refusal}");
        refusal
    }

    SignatureInvalid, a_signature_is_made_by_the_enrolled_key: {
        let mut story = Story::discovered();
        story.proposes(Side::Client, fixture::plan());
        let good = story.sign_plan(Side::Client, 1);
        let mut forged = good.clone();
        forged.signature.signature = story.sign_plan(Side::Outsourcer, 1).signature.signature;
        story.when(&director(Side::Client), forged).refuses(Code::SignatureInvalid, "rvs-director");
        let mut garbled = good;
        garbled.signature.signature = "zz".into();
        story.when(&director(Side::Client), garbled).refuses(Code::SignatureInvalid, "")
    }

    HashMismatch, both_sign_the_same_hash: {
        let mut story = Story::discovered();
        story.proposes(Side::Client, fixture::plan());
        let mut later = fixture::plan();
        later.chunks[0].steps[0].from = date(2027, 3, 2);
        story.proposes(Side::Outsourcer, later);
        let second = story.sign_plan(Side::Client, 2);
        let crossed = SignPlan { version: 1, ..second };
        story.when(&director(Side::Client), crossed).refuses(Code::HashMismatch, &story.t.schedule.version(1).unwrap().proposed.hash.clone())
    }

    SignatureOfOther, nobody_signs_for_the_other_party: {
        let mut story = Story::discovered();
        story.proposes(Side::Client, fixture::plan());
        let theirs = story.sign_plan(Side::Outsourcer, 1);
        story.when(&director(Side::Client), theirs).refuses(Code::SignatureOfOther, "Riverside Health");
        let hash = story.t.schedule.version(1).unwrap().proposed.hash.clone();
        let stranger = segue_domain::Actor::new("rvs-chief", Side::Client, &[segue_domain::Role::Signatory]);
        let own = SignPlan { version: 1, signature: signature("rvs-chief", &hash) };
        story.when(&stranger, own).refuses(Code::SignatureOfOther, "rvs-chief")
    }

    ApprovalStale, a_step_needs_both_within_fifteen_minutes: {
        let mut story = Story::agreed();
        story.waits_for(MSG, 20);
        story.readies(MSG);
        let step = story.proposes_step(MSG, 20);
        story.approves(Side::Client, &step);
        story.minutes_pass(16);
        let late = story.approval(Side::Outsourcer, &step);
        let refusal = story.when(&director(Side::Outsourcer), late.clone()).refuses(Code::ApprovalStale, "Riverside Health");
        story.stands(MSG, "ready", 0);
        // The client says it again, and then both are within the time.
        story.approves(Side::Client, &step);
        story.minutes_pass(15);
        story.does(&director(Side::Outsourcer), late);
        story.stands(MSG, "live", 20);
        refusal
    }

    SupersededByFallback, a_step_agreed_before_a_fallback_is_void: {
        let mut story = live(MSG, 20);
        story.waits_for(MSG, 50);
        story.proves(MSG);
        let step = story.proposes_step(MSG, 50);
        story.approves(Side::Client, &step);
        story.does(&duty(Side::Outsourcer), fallback("all"));
        story.when(&director(Side::Outsourcer), story.approval(Side::Outsourcer, &step)).refuses(Code::SupersededByFallback, "S-2")
    }

    CoolDown, the_way_out_again_needs_return_note_and_time: {
        let mut story = live(MSG, 20);
        story.does(&duty(Side::Client), fallback(MSG));
        let sign = |story: &Story| story.when(&director(Side::Client), story.sign_gate(Side::Client, MSG));
        let refusal = sign(&story).refuses(Code::CoolDown, "24 h");
        assert_eq!(refusal.missing.len(), 3, "{refusal}");
        story.when(&client(), propose_step(MSG, 20)).refuses(Code::CoolDown, "answered in-house");
        story.hours_pass(24);
        let refusal = sign(&story).refuses(Code::CoolDown, "incident note");
        assert_eq!(refusal.missing.len(), 2, "{refusal}");
        refusal
    }

    DoorClosed, from_closed_there_is_no_fallback: {
        let mut story = Story::agreed();
        story.finishes(MSG);
        story.closes(MSG);
        story.when(&duty(Side::Client), fallback("all")).changes_nothing();
        story.when(&duty(Side::Client), lower(MSG, 50)).refuses(Code::DoorClosed, MSG);
        story.when(&duty(Side::Client), fallback(MSG)).refuses(Code::DoorClosed, MSG)
    }

    HoldRunning, the_door_stays_open_until_the_hold_ends: {
        let mut story = Story::agreed();
        story.finishes(MSG);
        story.hours_pass(30 * 24 - 1);
        let early = story.sign_closure(Side::Client, MSG);
        let refusal = story.when(&director(Side::Client), early.clone()).refuses(Code::HoldRunning, MSG);
        story.hours_pass(1);
        story.when(&director(Side::Client), early).records(&["closure_signed"]);
        refusal
    }

    AcceptanceNotReady, acceptance_is_numeric_complete_and_passed: {
        let part = live(MSG, 50);
        let ask = |change: fn(&mut segue_domain::acceptance::OutcomeRecord)| {
            let mut outcome = outcome(Verdict::Pass);
            change(&mut outcome);
            ProposeAcceptance { chunk: MSG.into(), outcome }
        };
        part.when(&client(), ask(|_| ())).refuses(Code::AcceptanceNotReady, "stands at 50 %");
        let story = live(MSG, 100);
        let refused = |change, names| story.when(&client(), ask(change)).refuses(Code::AcceptanceNotReady, names);
        refused(|o| o.verdict = Verdict::NotProved, "too little data");
        refused(|o| o.verdict = Verdict::Worse, "pass");
        refused(|o| o.verdict = Verdict::NoData, "pass");
        refused(|o| o.offered = 0, "add up");
        refused(|o| o.offered = 1_200, "add up");
        refused(|o| o.evidence.clear(), "evidence");
        refused(|o| o.answered = 0, "handle time NO DATA")
    }

    FormulaMismatch, numbers_by_two_formulas_are_never_compared: {
        let mut outcome = outcome(Verdict::Pass);
        outcome.formula = "SL_ANSWERED_ONLY".into();
        let ask = ProposeAcceptance { chunk: MSG.into(), outcome };
        live(MSG, 100).when(&client(), ask).refuses(Code::FormulaMismatch, "SL_ABANDON_NEGATIVE")
    }

    WrongState, the_state_machine_has_no_other_edges: {
        let mut story = Story::agreed();
        let ask = ProposeAcceptance { chunk: MSG.into(), outcome: outcome(Verdict::Pass) };
        story.when(&client(), ask).refuses(Code::WrongState, "agreed");
        story.proves(MSG);
        story.waits_for(MSG, 20);
        story.proves(MSG);
        story.when(&client(), propose_step(MSG, 20)).refuses(Code::WrongState, "agreed");
        story.goes_live(MSG, 100);
        story.when(&director(Side::Client), story.sign_gate(Side::Client, MSG)).refuses(Code::WrongState, "live");
        story.when(&director(Side::Client), story.sign_closure(Side::Client, MSG)).refuses(Code::WrongState, "live");
        // A chunk that is out keeps its shape, and an agreed version is never reopened.
        let mut without = fixture::plan();
        without.chunks.remove(0);
        story.when(&client(), propose_plan(without)).refuses(Code::WrongState, MSG);
        let mut plans = Story::discovered();
        plans.proposes(Side::Client, fixture::plan());
        plans.proposes(Side::Client, fixture::plan());
        plans.all_sign_plan(2);
        plans.when(&director(Side::Client), plans.sign_plan(Side::Client, 1)).refuses(Code::WrongState, "after 2")
    }

    Unknown, what_is_named_exists: {
        let story = live(MSG, 20);
        let step = story.t.steps.keys().next().unwrap().clone();
        let mut other = story.approval(Side::Client, &step);
        other.step = "S-99".into();
        story.when(&director(Side::Client), other).refuses(Code::Unknown, "S-99");
        story.when(&client(), propose_step("RVS-Main/FAX", 20)).refuses(Code::Unknown, "RVS-Main/FAX");
        story.when(&duty(Side::Client), fallback("RVS-South")).refuses(Code::Unknown, "RVS-South");
        let note = WriteIncidentNote { incident: "INC-9".into(), reference: "binder".into(), telephony_only: false };
        story.when(&client(), note).refuses(Code::Unknown, "INC-9");
        let signature = signed_by(Side::Client, &"0".repeat(64));
        let sign = SignAcceptance { chunk: MSG.into(), signature: signature.clone() };
        story.when(&director(Side::Client), sign).refuses(Code::Unknown, MSG);
        story.when(&director(Side::Client), SignPlan { version: 9, signature }).refuses(Code::Unknown, "version 9");
        let (item, evidence) = ("horoscope".into(), "stars".into());
        let other = CompleteDiscoveryItem { item, evidence };
        Story::discovering().when(&client(), other).refuses(Code::Unknown, "horoscope");
        planning(|p| p.chunks[0].site = "RVS-South".into(), Code::Unknown, "RVS-South");
        planning(|p| p.chunks[0].call_type = "FAX".into(), Code::Unknown, "FAX");
        planning(|p| p.chunks[0].lines = vec!["RVS-North-DID".into()], Code::Unknown, "RVS-North-DID")
    }
}

#[test]
fn where_nurses_advise_the_client_has_one_clinical_lead_and_the_outsourcer_none() {
    let lead = |facts: &mut CreateTransition| {
        let client = facts
            .parties
            .iter_mut()
            .find(|party| party.side == Side::Client)
            .unwrap();
        let at = client
            .signatories
            .iter()
            .position(|s| s.clinical_lead)
            .unwrap();
        client.signatories.remove(at)
    };
    let one = "one clinical lead, of the client";
    creation(
        |facts| {
            let lead = lead(facts);
            let theirs = facts
                .parties
                .iter_mut()
                .find(|party| party.side == Side::Outsourcer);
            theirs.unwrap().signatories.push(lead);
        },
        Code::BadFact,
        one,
    );
    creation(
        |facts| {
            let mut second = lead(facts);
            let client = facts
                .parties
                .iter_mut()
                .find(|party| party.side == Side::Client);
            let client = client.unwrap();
            client.signatories.push(second.clone());
            second.person = "rvs-second".into();
            second.public_key = hex::encode(fixture::key("rvs-second").verifying_key().as_bytes());
            client.signatories.push(second);
        },
        Code::BadFact,
        one,
    );
    creation(
        |facts| drop(lead(facts)),
        Code::NoSignatory,
        "a clinical lead of the client: consult or triage is among the call types",
    );
}
