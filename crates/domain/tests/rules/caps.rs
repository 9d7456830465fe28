//! Caps (A12, §7.9): no mass cutover, unless both parties and the clinical lead say why.

use crate::fixture::{self, director, manager};
use crate::support::{Story, propose_plan};
use jiff::civil::date;
use segue_domain::boards;
use segue_domain::chunks::PlannedStep;
use segue_domain::schedule::Plan;
use segue_domain::share::ShareInput;
use segue_domain::waivers::{ProposeWaiver, Waivable, stamps};
use segue_domain::{Code, Side};
use segue_example::{Example, clinical_lead};

const MSG: &str = "RVS-Main/MSG";

fn ramp(plan: &mut Plan, chunk: usize, steps: &[(u8, i8)]) {
    let step = |(percent, day): &(u8, i8)| PlannedStep {
        share_percent: ShareInput::percent(*percent),
        from: date(2027, 3, *day),
    };
    plan.chunks[chunk].steps = steps.iter().map(step).collect();
}

/// Every call of both centres on one date.
fn all_at_once() -> Plan {
    let mut plan = fixture::plan();
    for chunk in 0..plan.chunks.len() {
        ramp(&mut plan, chunk, &[(100, 1)]);
    }
    plan
}

impl Story {
    /// Both parties and the clinical lead set the cap aside for a chunk.
    fn waives_the_cap(&mut self, chunk: &str) {
        let ask = ProposeWaiver {
            rule: Waivable::MassCutover,
            chunk: chunk.into(),
            reason: "the building closes on 1 March".into(),
        };
        self.does(&manager(Side::Client), ask);
        let waiver = format!("W-{}", self.t.waivers.len());
        for actor in [
            director(Side::Client),
            director(Side::Outsourcer),
            clinical_lead(),
        ] {
            self.signs_waiver(&actor, &waiver);
        }
    }
}

#[test]
fn a12_a_plan_that_moves_everything_on_one_date_is_refused_and_stamped_when_waived() {
    let mut story = Story::discovered();
    let client = manager(Side::Client);
    story.when(&client, propose_plan(all_at_once())).refuses(
        Code::MassCutover,
        "at most 25 % of the 18400 weekly contacts in one step, not 100 %",
    );
    for chunk in all_at_once().chunks {
        story.waives_the_cap(chunk.id.as_str());
    }
    story.does(&client, propose_plan(all_at_once()));
    assert_eq!(
        stamps(&story.t, &MSG.into()).collect::<Vec<_>>(),
        ["MASS CUTOVER"]
    );
    let board = boards::draw(&story.t, "caps", &client, story.now).unwrap();
    assert_eq!(board.rows.len(), 1);
    assert_eq!(board.rows[0][2..], ["100", "100", "MASS CUTOVER"]);
}

#[test]
fn a12_the_cap_is_a_quarter_of_the_weekly_contacts_of_both_centres() {
    let story = Story::discovered();
    let client = manager(Side::Client);
    // 6,900 of 18,400 contacts a week are messages at RVS-Main: 66 % of them are 24.75 %, 67 % are 25.125 %.
    for (percent, fits) in [(66, true), (67, false)] {
        let mut plan = fixture::plan();
        ramp(&mut plan, 0, &[(percent, 1)]);
        let then = story.when(&client, propose_plan(plan));
        if fits {
            then.records(&["plan_proposed"]);
        } else {
            then.refuses(
                Code::MassCutover,
                "not 25.12 % (RVS-Main/MSG) on 2027-03-01",
            );
        }
    }
    // Two chunks that step on the same date are one step.
    let mut plan = fixture::plan();
    ramp(&mut plan, 0, &[(50, 1), (100, 8)]);
    ramp(&mut plan, 1, &[(30, 8), (60, 15)]);
    story.when(&client, propose_plan(plan)).refuses(
        Code::MassCutover,
        "not 26.41 % (RVS-Main/APPT, RVS-Main/MSG) on 2027-03-08",
    );
}

#[test]
fn a12_triage_moves_by_twenty_points_and_a_centre_of_one_type_by_thirty() {
    let story = Story::discovered();
    let client = manager(Side::Client);
    let mut plan = fixture::plan();
    plan.chunks[3].steps.remove(1);
    story.when(&client, propose_plan(plan)).refuses(
        Code::MassCutover,
        "RVS-Main/TRIAGE by at most 20 points (triage), not 30 on 2027-06-07",
    );

    let mut small = Story::new();
    small.example = Example::small();
    small.walks(&segue_example::Goal::Discovered);
    let (_, proposal) = small.example.proposal();
    small.when(&client, proposal).records(&["plan_proposed"]);
    let mut coarse = small.example.plan.clone();
    ramp(&mut coarse, 0, &[(30, 1), (61, 8), (80, 15)]);
    let proposal = segue_domain::schedule::ProposePlan {
        plan: coarse,
        counter_to: None,
        reason: String::new(),
        terms: None,
    };
    small.when(&client, proposal).refuses(
        Code::MassCutover,
        "at most 30 points (a centre with one call type), not 31",
    );
}

#[test]
fn a12_a_part_of_the_hours_counts_as_a_part_and_the_parts_add_up() {
    let story = Story::discovered();
    let client = manager(Side::Client);
    let nights = |of_nights, of_days| {
        let mut plan = fixture::plan();
        let mut day = plan.chunks[3].clone();
        day.id = "RVS-Main/TRIAGE-day".into();
        day.windows = fixture::by_day(&day).windows;
        day.weekly_contacts = Some(of_days);
        plan.chunks[3].windows = vec![segue_domain::windows::ShiftWindow::new(
            "Mon-Fri 19:00-07:00",
            fixture::ZONE,
        )];
        plan.chunks[3].weekly_contacts = Some(of_nights);
        plan.chunks[3].steps.drain(..5);
        plan.chunks.push(day);
        propose_plan(plan)
    };
    // All of the nights at once: 400 of 2,000 triage calls are 20 points, 420 are 21.
    story
        .when(&client, nights(400, 1_600))
        .records(&["plan_proposed"]);
    story
        .when(&client, nights(420, 1_600))
        .refuses(Code::MassCutover, "not 21 on 2027-06-28");
    story
        .when(&client, nights(200, 1_600))
        .refuses(Code::BadFact, "2000 at least, not 1800");
}

#[test]
fn a12_the_step_itself_is_checked_again_when_it_is_taken() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 50);
    // A baseline corrected since the plan was signed: messages are nearly everything.
    for baseline in story.t.baselines.all().cloned().collect::<Vec<_>>() {
        let mut figures = baseline.figures;
        let here = (baseline.key.site.as_str(), baseline.key.call_type.as_str());
        figures.weekly_contacts = if here == ("RVS-Main", "MSG") {
            17_000
        } else {
            1_000
        };
        story.record(&[segue_domain::Event::BaselineRecorded(
            segue_domain::baseline::BaselineRecorded {
                figures,
                ..baseline
            },
        )]);
    }
    story.waits_for(MSG, 100);
    story.proves(MSG);
    let step = crate::support::propose_step(MSG, 100);
    story
        .when(&manager(Side::Client), step.clone())
        .refuses(Code::MassCutover, "at most 25 % of the 22000");
    let mut other = story.clone();
    other.does(&manager(Side::Client), crate::support::lower(MSG, 49));
    story.waives_the_cap(MSG);
    story
        .when(&manager(Side::Client), step)
        .records(&["step_proposed"]);
}

/// A33, "small": what a waiver let through is still said.
#[test]
fn a33_a_step_beyond_the_caps_stays_in_the_certificate() {
    let mut story = Story::new();
    story.example = story.example.clone().waiving(&[Waivable::MassCutover]);
    ramp(&mut story.example.plan, 0, &[(100, 1)]);
    story.goes_live("RVS-Main/MSG", 100);
    let found = segue_domain::certificate::certificate(&story.t).deviations;
    let small: Vec<_> = found.iter().filter(|d| d.part == "Small").collect();
    assert_eq!(small.len(), 1, "{found:?}");
    assert!(
        small[0]
            .says
            .contains("RVS-Main/MSG moved 100 points at once")
    );
}
