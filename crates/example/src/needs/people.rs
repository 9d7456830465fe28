//! Riverside's people: a roster with enough of them to answer at home, their paths, the law that protects them.

use crate::cast::{clinical_lead, of, sign};
use crate::way::{Move, Scene};
use jiff::civil::{Date, date};
use segue_domain::agents::Credential;
use segue_domain::chunks::Chunk;
use segue_domain::ids::{ShiftId, SiteId, StaffId};
use segue_domain::ladder::Rung;
use segue_domain::legal_tables::{ConfirmLegalTable, LegalTable};
use segue_domain::people::fallback_minimums::{
    Cover, FallbackMinimum, ProposeFallbackMinimums, SignFallbackMinimums, needs,
};
use segue_domain::people::fallback_roster::{AcceptFallbackShifts, FallbackShift};
use segue_domain::people::notice_rules::{AdoptNoticeTable, RecordWorkforce};
use segue_domain::people::paths::{DecidePaths, OfferPaths, PathDecision, PathOffer, StaffPath};
use segue_domain::people::project_manager::{AppointProjectManager, Authority, Learning};
use segue_domain::people::roster::{DefineShifts, RosterStaff, Shift, StaffMember};
use segue_domain::signature::Needs;
use segue_domain::windows::ShiftWindow;
use segue_domain::{Actor, Role, Side};
use std::collections::BTreeSet;

/// The shifts of each centre, and the letter of each in the pseudonyms.
const SHIFTS: &[(&str, &str, &str)] = &[
    ("days", "D", "daily 07:00-19:00"),
    ("nights", "N", "daily 19:00-07:00"),
];
/// The manager who leads the implementation.
const MANAGER: &str = "MG-1";
/// The last day of every nurse's licence.
const LICENCE_UNTIL: Date = date(2035, 1, 31);

/// Everything the people's part asks for, before a plan is proposed.
pub(crate) fn ready(scene: &Scene<'_>) -> Option<Move> {
    law(scene)
        .or_else(|| roster(scene))
        .or_else(|| manager(scene))
        .or_else(|| minimums(scene))
        .or_else(|| fallback_roster(scene))
}

/// The same before a gate: a story may have got its plan another way.
pub(crate) fn ready_for(scene: &Scene<'_>, _: &Chunk) -> Option<Move> {
    ready(scene)
}

fn hr() -> Actor {
    of(Side::Client, Role::HumanResources)
}

fn law(scene: &Scene<'_>) -> Option<Move> {
    let t = scene.t;
    let Some(adopted) = t.legal_tables.get(&LegalTable::Notice) else {
        let text = include_str!("../../../../tables/notice_rules.json");
        let table: AdoptNoticeTable = serde_json::from_str(text).ok()?;
        return Some(Move::say(hr(), table));
    };
    if adopted.confirmed.is_none() {
        let confirm = ConfirmLegalTable {
            table: LegalTable::Notice,
            hash: adopted.hash.clone(),
        };
        return Some(Move::say(of(Side::Client, Role::Compliance), confirm));
    }
    let mut sites = t.sites.iter().map(|site| &site.id);
    let site = sites.find(|site| !t.people.workforce.contains_key(*site))?;
    let workforce = RecordWorkforce {
        site: site.clone(),
        jurisdictions: ["US".to_owned(), "US-NJ".to_owned()].into(),
        employees: 2_400,
        site_employees: 90,
        affected: 60,
    };
    Some(Move::say(hr(), workforce))
}

/// Centre by centre, the rungs its lines bring: the place of the centre in the list, its name, a rung.
fn rungs(scene: &Scene<'_>) -> Vec<(usize, SiteId, Rung)> {
    let t = scene.t;
    let mut all = BTreeSet::new();
    for (n, site) in t.sites.iter().enumerate() {
        let lines = t.lines.iter().filter(|line| line.site == site.id);
        let types = lines.flat_map(|l| &l.routes).flat_map(|r| &r.call_types);
        let rungs = types.filter_map(|call_type| t.rung(call_type));
        all.extend(rungs.map(|rung| (n, site.id.clone(), rung)));
    }
    all.into_iter().collect()
}

/// How many must be able to answer, and how many there are.
fn numbers(rung: Rung) -> (u32, u32) {
    if rung == Rung::Triage { (3, 3) } else { (2, 3) }
}

/// Everybody of one centre, rung and shift: `RN-N1` takes triage by night at the first centre.
fn crew(n: usize, site: &SiteId, rung: Rung, shift: (&str, &str)) -> Vec<StaffMember> {
    let (letters, credential) = match rung {
        Rung::Message => ("MS", Credential::Unlicensed),
        Rung::Appointment => ("AP", Credential::Unlicensed),
        Rung::Consult => ("CN", Credential::RegisteredNurse),
        Rung::Triage => ("RN", Credential::RegisteredNurse),
    };
    let centre = if n == 0 {
        String::new()
    } else {
        format!("-S{}", n + 1)
    };
    let member = |k| StaffMember {
        staff: StaffId(format!("{letters}-{}{k}{centre}", shift.1)),
        site: site.clone(),
        skill: rung,
        credential,
        licence_until: (credential == Credential::RegisteredNurse).then_some(LICENCE_UNTIL),
        shifts: [ShiftId::from(shift.0)].into(),
        fte_percent: 100,
        tenure_years: 9,
        manager: false,
        union: false,
    };
    (1..=numbers(rung).1).map(member).collect()
}

fn crews(scene: &Scene<'_>) -> Vec<StaffMember> {
    let of_rung = |(n, site, rung): (usize, SiteId, Rung)| {
        let shifts = SHIFTS.iter();
        shifts.flat_map(move |(name, letter, _)| crew(n, &site, rung, (*name, *letter)))
    };
    rungs(scene).into_iter().flat_map(of_rung).collect()
}

fn roster(scene: &Scene<'_>) -> Option<Move> {
    let t = scene.t;
    if t.people.shifts.is_empty() {
        let of_site = |site: &segue_domain::parties::Site| {
            let (id, zone) = (site.id.clone(), site.zone.clone());
            SHIFTS.iter().map(move |(name, _, window)| Shift {
                site: id.clone(),
                shift: ShiftId::from(*name),
                hours: ShiftWindow::new(window, &zone),
            })
        };
        let shifts = t.sites.iter().flat_map(of_site).collect();
        return Some(Move::say(hr(), DefineShifts { shifts }));
    }
    if t.people.staff.contains_key(&StaffId::from(MANAGER)) {
        return None;
    }
    let mut staff = crews(scene);
    staff.push(StaffMember {
        staff: MANAGER.into(),
        skill: Rung::Appointment,
        manager: true,
        tenure_years: 14,
        ..staff.first()?.clone()
    });
    Some(Move::say(hr(), RosterStaff { staff }))
}

/// The manager is asked, says yes, and leads the implementation.
fn manager(scene: &Scene<'_>) -> Option<Move> {
    let t = scene.t;
    let staff = StaffId::from(MANAGER);
    let (path, on) = (StaffPath::ProjectManager, t.today(scene.now));
    let Some(offered) = t.people.paths.get(&staff) else {
        let offer = PathOffer {
            staff,
            path,
            on,
            retention_bonus: true,
            support: BTreeSet::new(),
        };
        let offers = vec![offer];
        return Some(Move::say(hr(), OfferPaths { offers }));
    };
    if offered.iter().all(|p| p.decision.is_none()) {
        let decision = PathDecision {
            staff,
            path,
            accepted: true,
            on,
        };
        let decisions = vec![decision];
        return Some(Move::say(hr(), DecidePaths { decisions }));
    }
    let appoint = || AppointProjectManager {
        staff: Some(staff),
        backfill_percent: 100,
        authority: [Authority::Staffing, Authority::Fallback].into(),
        learning: [Learning::Planning, Learning::Telephony].into(),
        afterwards: Some(StaffPath::Reassign),
    };
    let missing = t.people.project_manager.is_none();
    missing.then(|| Move::say(hr(), appoint()))
}

fn minimums(scene: &Scene<'_>) -> Option<Move> {
    let state = &scene.t.people.minimums;
    if !state.agreed.is_empty() {
        return None;
    }
    let Some(proposed) = &state.proposed else {
        let of_rung = |(_, site, rung): (usize, SiteId, Rung)| {
            SHIFTS.iter().map(move |(name, _, _)| FallbackMinimum {
                cover: Cover {
                    site: site.clone(),
                    rung,
                    shift: ShiftId::from(*name),
                },
                need: numbers(rung).0,
            })
        };
        let minimums = rungs(scene).into_iter().flat_map(of_rung).collect();
        let by = of(Side::Client, Role::Implementation);
        return Some(Move::say(by, ProposeFallbackMinimums { minimums }));
    };
    let actor = match state.agreement.missing().first() {
        Some(side) => of(*side, Role::Signatory),
        None if needs(&proposed.minimums) == Needs::BothAndClinical => clinical_lead(),
        None => return None,
    };
    let signature = sign(&actor, &proposed.hash);
    Some(Move::say(actor, SignFallbackMinimums { signature }))
}

fn fallback_roster(scene: &Scene<'_>) -> Option<Move> {
    let t = scene.t;
    if !t.people.fallback_roster.is_empty() {
        return None;
    }
    let from = t.today(scene.now);
    let of_member = |m: StaffMember| {
        let (staff, rung) = (m.staff, m.skill);
        m.shifts.into_iter().map(move |shift| FallbackShift {
            staff: staff.clone(),
            rung,
            shift,
            from,
        })
    };
    let accepted = crews(scene).into_iter().flat_map(of_member).collect();
    Some(Move::say(hr(), AcceptFallbackShifts { accepted }))
}
