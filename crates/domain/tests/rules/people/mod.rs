//! The people of the in-house centres (B11, B12, the people's part of A31, §7.4, §7.8, §7.15, §7.17).

mod disconnections;
mod fallback_capacity;
mod key_persons;
mod legal_tables;
mod managers;
mod mood;
mod own_path;
mod privacy;
mod separations;
mod shared_agents;
mod telling;

use crate::fixture::{self, duty, manager};
use crate::support::Story;
use jiff::civil::Date;
use segue_domain::agents::{Credential, RosterAgents, RosteredAgent};
use segue_domain::ladder::Rung;
use segue_domain::people::commitments::{ConfirmCommitment, KeepCommitment, ProposeCommitment};
use segue_domain::people::communications::{Audience, TellAudience};
use segue_domain::people::disconnections::{
    CarryOutDisconnection, Cut, PlanDisconnection, Release, ReleaseStaff,
};
use segue_domain::people::fallback_minimums::Cover;
use segue_domain::people::fallback_roster::{RecordReachability, WithdrawFallbackShift};
use segue_domain::people::key_persons::{HandOverKeyPost, KeyPost, RecordKeyPersonChange};
use segue_domain::people::mood::TakeMoodPulse;
use segue_domain::people::notices::{Recipient, ServeNotices};
use segue_domain::people::paths::StaffPath;
use segue_domain::people::recognition::{Contribution, GiveThanks};
use segue_domain::people::recorded_readiness::{ReadinessFigures, RecordReadiness};
use segue_domain::people::roster::RecordResignation;
use segue_domain::people::separations::{
    CarryOutSeparation, ConfirmSeparation, DecideRetention, PlanSeparation,
};
use segue_domain::shared_agents::ShareAgents;
use segue_domain::{Actor, Role, Side};

const MSG: &str = "RVS-Main/MSG";

pub(crate) fn hr(side: Side) -> Actor {
    segue_example::of(side, Role::HumanResources)
}

fn compliance() -> Actor {
    segue_example::of(Side::Client, Role::Compliance)
}

fn ours() -> Actor {
    hr(Side::Client)
}

fn serve(staff: &str, on: Date) -> ServeNotices {
    ServeNotices {
        staff: [staff.into()].into(),
        served_on: on,
        recipients: [Recipient::Employee, Recipient::StateUnit].into(),
    }
}

fn separate(staff: &str, on: Date) -> PlanSeparation {
    PlanSeparation {
        staff: staff.into(),
        on,
        path: StaffPath::Separate,
    }
}

fn carry_out(staff: &str) -> CarryOutSeparation {
    CarryOutSeparation {
        staff: staff.into(),
    }
}

fn counsel(staff: &str) -> ConfirmSeparation {
    ConfirmSeparation {
        staff: staff.into(),
        reference: "letter of counsel 12".into(),
    }
}

fn stay(staff: &str) -> DecideRetention {
    DecideRetention {
        staff: staff.into(),
        bonus: true,
    }
}

fn withdraw(staff: &str, shift: &str) -> WithdrawFallbackShift {
    WithdrawFallbackShift {
        staff: staff.into(),
        shift: shift.into(),
    }
}

fn triage_nights() -> Cover {
    Cover {
        site: "RVS-Main".into(),
        rung: Rung::Triage,
        shift: "nights".into(),
    }
}

fn reachable(n: u32) -> RecordReachability {
    RecordReachability {
        cover: triage_nights(),
        reachable: n,
    }
}

/// Triage nights at home answer as promised so likely, and keep so many people.
fn readiness(now_bp: u32, keep: u32) -> RecordReadiness {
    RecordReadiness {
        cover: triage_nights(),
        figures: ReadinessFigures {
            now_bp,
            within_15min_bp: now_bp,
            within_2h_bp: 9_700,
            within_24h_bp: 9_900,
            keep,
            worst_interval: "2027-07-24T03:00:00Z".parse().unwrap(),
            inputs: "ab".repeat(32),
        },
    }
}

fn release(staff: &str, release: Release) -> ReleaseStaff {
    ReleaseStaff {
        staff: staff.into(),
        release,
    }
}

fn port(on: Date) -> PlanDisconnection {
    PlanDisconnection {
        line: "RVS-Main-TFN".into(),
        cut: Cut::Port,
        on,
    }
}

fn port_now() -> CarryOutDisconnection {
    CarryOutDisconnection {
        line: "RVS-Main-TFN".into(),
        cut: Cut::Port,
    }
}

fn tell(audience: Audience, on: Date, in_person: bool) -> TellAudience {
    TellAudience {
        site: "RVS-Main".into(),
        audience,
        on,
        in_person,
    }
}

fn pulse(answers: u32, joined: u32, left: u32) -> TakeMoodPulse {
    TakeMoodPulse {
        site: "RVS-Main".into(),
        rung: Rung::Triage,
        on: jiff::civil::date(2027, 2, 1),
        answers,
        mean_tenths: 31,
        joined,
        left,
    }
}

fn promise() -> ProposeCommitment {
    ProposeCommitment {
        promise: "an interview for every nurse who asks".into(),
        keeper: Side::Outsourcer,
        due: jiff::civil::date(2027, 3, 1),
    }
}

fn change(post: KeyPost) -> RecordKeyPersonChange {
    RecordKeyPersonChange { post }
}

fn hand_over(post: KeyPost) -> HandOverKeyPost {
    HandOverKeyPost {
        post,
        reference: "hand-over of 3 pages".into(),
    }
}

impl Story {
    fn day(&self) -> Date {
        self.t.today(self.now)
    }

    /// Noon at the centre on a day.
    fn on(&mut self, day: Date) {
        self.now = day
            .at(12, 0, 0, 0)
            .in_tz(fixture::ZONE)
            .unwrap()
            .timestamp();
    }
}

/// The door of the one chunk is closed; then whatever becomes of people.
pub(crate) fn history() -> Story {
    let mut plan = fixture::plan();
    plan.chunks.truncate(1);
    let mut story = Story::discovered().agree(plan);
    story.closes(MSG);
    let today = story.day();
    story.does(&ours(), serve("MS-D1", today));
    let on = today.checked_add(jiff::Span::new().days(100)).unwrap();
    story.does(&ours(), separate("MS-D1", on));
    story.does(&ours(), stay("MS-D1"));
    story.does(&ours(), counsel("MS-D1"));
    story.does(&manager(Side::Client), port(on));
    story.does(&manager(Side::Client), port_now());
    story.on(on);
    story.does(&ours(), carry_out("MS-D1"));
    story.does(&ours(), release("MS-D1", Release::Access));
    let resigns = RecordResignation {
        staff: "MS-N1".into(),
        on,
    };
    story.does(&ours(), resigns);
    story.does(&ours(), withdraw("AP-D1", "days"));
    story.does(&duty(Side::Client), reachable(3));
    story.does(&manager(Side::Client), readiness(9_600, 3));
    story.does(&ours(), tell(Audience::AffectedStaff, on, true));
    let thanks = GiveThanks {
        contribution: Contribution::Knowledge,
        staff: Some("RN-N1".into()),
        knowledge: Some("K-1".into()),
    };
    story.does(&ours(), thanks);
    story.does(&ours(), pulse(9, 0, 0));
    story.does(&ours(), pulse(4, 0, 0));
    story.does(&ours(), change(KeyPost::ClinicalLead));
    story.does(&manager(Side::Client), hand_over(KeyPost::ClinicalLead));
    commit(&mut story);
    share(&mut story);
    story
}

fn commit(story: &mut Story) {
    story.does(&ours(), promise());
    let commitment = segue_domain::ids::CommitmentId::from("HR-1");
    let confirm = ConfirmCommitment {
        commitment: commitment.clone(),
    };
    story.does(&hr(Side::Outsourcer), confirm);
    let keep = KeepCommitment {
        commitment,
        evidence: "list of interviews".into(),
    };
    story.does(&hr(Side::Outsourcer), keep);
}

/// Two agents, both shared with other clients.
fn share(story: &mut Story) {
    let agent = |n: u8| RosteredAgent {
        agent: segue_domain::ids::AgentId(format!("S-{n}")),
        call_types: ["MSG".into()].into(),
        languages: ["English".to_owned()].into(),
        credential: Credential::Unlicensed,
    };
    let roster = RosterAgents {
        agents: vec![agent(1), agent(2)],
    };
    story.does(&manager(Side::Outsourcer), roster);
    let shared = ShareAgents {
        agents: ["S-1".into(), "S-2".into()].into(),
    };
    story.does(&manager(Side::Outsourcer), shared);
}
