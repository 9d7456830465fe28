//! Boards for the client's human resources alone, and the legal calendar without anybody's pseudonym.

use super::communications::{Audience, told_on};
use super::disconnections::{Release, is_released, line_needed};
use super::mood::MoodPulseTaken;
use super::notices;
use super::paths::{self, Path};
use super::readiness::Until;
use super::roster::StaffMember;
use super::separations::{Separation, Standing, owed_after_slip, standing};
use crate::actor::{Actor, Role, Side};
use crate::boards::{Board, Kind};
use crate::ids::SiteId;
use crate::transition::Transition;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const PEOPLE: Kind = Kind {
    name: "people",
    says: "Paths and dates of each person, by pseudonym: for the client's human resources alone",
    may_see: Some(|reader| is_of_client(reader, &[Role::HumanResources])),
    draw: |t, _, now| draw_people(t, now),
};

pub(crate) const NOTICES: Kind = Kind {
    name: "notices",
    says: "The legal calendar: rules, notices, dates that slipped, who was told when; nobody's pseudonym",
    may_see: Some(|reader| {
        let roles = [Role::HumanResources, Role::Compliance, Role::Signatory];
        is_of_client(reader, &roles)
    }),
    draw: |t, _, now| draw_notices(t, now),
};

fn is_of_client(reader: &Actor, roles: &[Role]) -> bool {
    reader.side == Side::Client && roles.iter().any(|role| reader.is(*role))
}

fn draw_people(t: &Transition, now: Timestamp) -> Board {
    let columns = [
        "person",
        "centre",
        "takes",
        "path",
        "notice",
        "leaves on",
        "open",
    ];
    let mut board = Board::new("People", &columns);
    for member in t.people.staff.values() {
        let notices = t.people.notices.get(&member.staff);
        let served = notices.and_then(|all| all.first()).map(|n| n.served_on);
        let leaves = super::roster::leaves_on(t, &member.staff);
        let text = |day: Option<jiff::civil::Date>| day.map(|d| d.to_string()).unwrap_or_default();
        board.row([
            member.staff.to_string(),
            member.site.to_string(),
            member.skill.to_string(),
            path_of(t, member),
            text(served),
            text(leaves),
            open_of(t, member, now).join(" · "),
        ]);
    }
    for pulse in newest_pulses(&t.people.mood) {
        board.note(format!(
            "mood of {} {} on {}: {}.{} of 5 ({} answers)",
            pulse.site,
            pulse.rung,
            pulse.on,
            pulse.mean_tenths / 10,
            pulse.mean_tenths % 10,
            pulse.answers
        ));
    }
    board
}

fn newest_pulses(mood: &[MoodPulseTaken]) -> impl Iterator<Item = &MoodPulseTaken> {
    let newest: BTreeMap<_, _> = mood.iter().map(|p| ((&p.site, p.rung), p)).collect();
    newest.into_values()
}

fn path_of(t: &Transition, member: &StaffMember) -> String {
    if let Some(taken) = paths::taken(t, &member.staff) {
        return taken.words().to_owned();
    }
    let offered = t.people.paths.get(&member.staff);
    let open = |p: &&Path| p.decision.is_none();
    let names = offered.into_iter().flatten().filter(open);
    let names: Vec<_> = names.map(|p| p.offer.path.words()).collect();
    if names.is_empty() {
        return "no path offered".to_owned();
    }
    format!("offered: {}", names.join(", "))
}

/// What human resources still have to do for one person.
fn open_of(t: &Transition, member: &StaffMember, now: Timestamp) -> Vec<String> {
    let Some(separation) = t.people.separations.get(&member.staff) else {
        return Vec::new();
    };
    let mut open = Vec::new();
    match standing(t, separation, now) {
        Standing::CarriedOut => {
            if !is_released(t, &member.staff, Release::Access) {
                open.push("access removal, due the same day".to_owned());
            }
            return open;
        }
        Standing::Slipped(day) => {
            let day = day.map_or("not known yet".to_owned(), |day| day.to_string());
            open.push(format!(
                "slipped: {} is not kept, earliest {day}",
                separation.planned.on
            ));
            open.extend(owed_after_slip(t, separation));
        }
        Standing::Keeps => {}
    }
    if separation.confirmed.is_none() {
        open.push("counsel's confirmation".to_owned());
    }
    let offers = t.people.paths.get(&member.staff);
    let supported = offers
        .into_iter()
        .flatten()
        .any(|p| !p.offer.support.is_empty());
    if !supported {
        open.push("support to offer (assistance programme, references)".to_owned());
    }
    open
}

fn draw_notices(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new("Notices", &["what", "centre", "day", "people", "state"]);
    let mut counts: BTreeMap<(&str, &SiteId, String, String), u32> = BTreeMap::new();
    for (staff, member) in &t.people.staff {
        for notice in t.people.notices.get(staff).into_iter().flatten() {
            let row = ("notice served", &member.site, notice.served_on.to_string());
            *counts
                .entry((row.0, row.1, row.2, String::new()))
                .or_default() += 1;
        }
        if let Some(separation) = t.people.separations.get(staff) {
            let state = state_of(t, separation, now);
            let row = (
                "separation",
                &member.site,
                separation.planned.on.to_string(),
            );
            *counts.entry((row.0, row.1, row.2, state)).or_default() += 1;
        }
    }
    for ((what, site, day, state), count) in counts {
        board.row([
            what.to_owned(),
            site.to_string(),
            day,
            count.to_string(),
            state,
        ]);
    }
    for disconnection in &t.people.disconnections {
        let (planned, done) = (&disconnection.planned, disconnection.carried_out);
        let until = line_needed(t, &planned.line, now);
        let early = done.is_none() && until.day().is_some_and(|day| planned.on < day);
        let state = match (done, early || until == Until::NoPlan) {
            (Some(_), _) => "carried out".to_owned(),
            (None, true) => format!("too early: {}", until.words()),
            (None, false) => "planned".to_owned(),
        };
        board.row([
            planned.cut.words().to_owned(),
            planned.line.to_string(),
            planned.on.to_string(),
            String::new(),
            state,
        ]);
    }
    note_tellings(t, &mut board);
    board.notes.extend(notices::verify(t));
    board
}

fn state_of(t: &Transition, separation: &Separation, now: Timestamp) -> String {
    match standing(t, separation, now) {
        Standing::CarriedOut => "carried out".to_owned(),
        Standing::Slipped(_) => {
            let mut owed = vec!["SLIPPED, not kept".to_owned()];
            owed.extend(owed_after_slip(t, separation));
            owed.join(" · ")
        }
        Standing::Keeps if separation.confirmed.is_none() => "counsel's confirmation open".into(),
        Standing::Keeps => "planned".to_owned(),
    }
}

/// Who was told at each centre, in the order of telling.
fn note_tellings(t: &Transition, board: &mut Board) {
    let sites: BTreeSet<_> = t.people.told.iter().map(|told| &told.site).collect();
    for site in sites {
        let told = Audience::ALL.into_iter().filter_map(|audience| {
            Some(format!(
                "{} {}",
                audience.words(),
                told_on(t, site, audience)?
            ))
        });
        board.note(format!(
            "{site} told: {}",
            told.collect::<Vec<_>>().join(", ")
        ));
    }
}
