//! The door of the example: who is counted, where the calls come from, what is missing, and that it is the same every time.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use segue_capacity::door::calls::Sorter;
use segue_capacity::door::{Assumptions, Basis, Door, door};
use segue_capacity::history::Call;
use segue_capacity::readiness::Standing;
use segue_capacity::readiness::people::PersonState;
use segue_domain::contingency::open_work::{Acuity, OpenWorkItem, OpenWorkRecorded, WorkKind};
use segue_domain::ids::StaffId;
use segue_domain::people::disconnections::{Release, StaffReleased};
use segue_domain::people::fallback_minimums::Cover;
use segue_domain::people::fallback_roster::{FallbackShift, ReachabilityRecorded};
use segue_domain::{Command, Transition, apply, decide};
use segue_example::{Example, Goal, MOVES_MAX, Move};
use std::collections::BTreeMap;

/// The example, walked to a goal by its people's commands.
fn riverside(goal: &Goal) -> (Transition, Timestamp) {
    let example = Example::riverside();
    let mut t = Transition::new("RVS-1".into());
    let mut now: Timestamp = "2027-01-04T15:00:00Z".parse().unwrap();
    for _ in 0..MOVES_MAX {
        match example.next(&t, goal, now) {
            None => return (t, now),
            Some(Move::Wait(at)) => now = now.max(at),
            Some(Move::Say(said)) => {
                let command: &Command = &said.1;
                let events = decide(&t, command, &said.0, now).unwrap();
                for event in &events {
                    apply(&mut t, event);
                }
            }
        }
    }
    panic!("the example does not arrive");
}

fn look(t: &Transition, now: Timestamp) -> Door {
    door(t, &BTreeMap::new(), None, now, &Assumptions::default()).unwrap()
}

/// A night at the centre, local 02:00.
fn night(t: &Transition) -> Timestamp {
    let site = &t.sites[0];
    let two = date(2027, 2, 10).at(2, 0, 0, 0);
    two.to_zoned(TimeZone::get(&site.zone).unwrap())
        .unwrap()
        .timestamp()
}

fn people(door: &Door, skill: &str) -> u32 {
    let group = door.groups.iter().find(|g| g.group.skill == skill).unwrap();
    let now = &group.readiness.as_ref().unwrap().now;
    now.inputs
        .people
        .iter()
        .filter(|h| h.state != PersonState::Released)
        .map(|h| h.people)
        .sum()
}

#[test]
fn the_example_has_a_door_from_its_baseline() {
    let (t, _) = riverside(&Goal::Agreed);
    let door = look(&t, night(&t));
    assert!(!door.groups.is_empty());
    for group in &door.groups {
        assert_eq!(group.basis, Some(Basis::BaselineBusiestHour), "{group:?}");
        assert!(
            group.missing.is_empty() && group.assumed.len() == 3,
            "{group:?}"
        );
        let readiness = group.readiness.as_ref().unwrap();
        assert!(readiness.worst.now <= readiness.now.now);
        assert_eq!(
            group.shifts.len(),
            t.people
                .shifts
                .iter()
                .filter(|s| s.site.as_str() == group.group.site)
                .count()
        );
        // The worst shift is the worst of all.
        let least = group
            .shifts
            .iter()
            .map(|s| s.readiness.worst.now)
            .fold(1.0, f64::min);
        assert!((least - readiness.worst.now).abs() < 1e-9);
    }
    assert_eq!(look(&t, night(&t)), door);
    let least = door.least.unwrap();
    let weakest = door
        .groups
        .iter()
        .map(|g| g.readiness.as_ref().unwrap().now.now)
        .fold(1.0, f64::min);
    assert!((least.now - weakest).abs() < 1e-12);
}

/// Scenario 19: three on the roster, one can be reached. The door says so; it closes nothing.
#[test]
fn whom_nobody_reaches_does_not_count() {
    let (mut t, _) = riverside(&Goal::Agreed);
    let at = night(&t);
    assert_eq!(people(&look(&t, at), "triage"), 3);
    t.people.reachable.push(ReachabilityRecorded {
        cover: Cover {
            site: t.sites[0].id.clone(),
            rung: segue_domain::ladder::Rung::Triage,
            shift: "nights".into(),
        },
        reachable: 1,
        at,
    });
    let alone = look(&t, at);
    assert_eq!(people(&alone, "triage"), 1);
    let group = alone
        .groups
        .iter()
        .find(|g| g.group.skill == "triage")
        .unwrap();
    let now = &group.readiness.as_ref().unwrap().now;
    assert_eq!(now.standing, Standing::Alarm);
    assert!(
        now.short_of.unwrap() > 0 && now.hang_ups.call_in > 0,
        "{now:?}"
    );
}

/// A shift that overlaps the nights, worked by the same people: nobody answers two calls at once.
#[test]
fn who_is_in_two_shifts_is_one_person() {
    let (mut t, _) = riverside(&Goal::Agreed);
    let at = night(&t);
    let before = people(&look(&t, at), "triage");
    let nights = t
        .people
        .shifts
        .iter()
        .find(|s| s.shift.as_str() == "nights");
    let mut twice = nights.unwrap().clone();
    twice.shift = "nights-too".into();
    t.people.shifts.push(twice);
    for s in t.people.fallback_roster.clone() {
        if s.shift.as_str() == "nights" {
            t.people.fallback_roster.push(FallbackShift {
                shift: "nights-too".into(),
                ..s
            });
        }
    }
    assert_eq!(people(&look(&t, at), "triage"), before);
}

/// A count of long ago says nothing of tonight; it takes nobody away who has gone already.
#[test]
fn an_old_count_of_who_was_reached_is_forgotten() {
    let (mut t, _) = riverside(&Goal::Agreed);
    let at = night(&t);
    let valid_h = i64::from(t.terms.people.reachable_valid_h);
    t.people.reachable.push(ReachabilityRecorded {
        cover: Cover {
            site: t.sites[0].id.clone(),
            rung: segue_domain::ladder::Rung::Triage,
            shift: "nights".into(),
        },
        reachable: 0,
        at: at - SignedDuration::from_hours(valid_h),
    });
    assert_eq!(people(&look(&t, at), "triage"), 3);
    t.people.reachable[0].at = at - SignedDuration::from_mins(1);
    assert_eq!(people(&look(&t, at), "triage"), 0);
}

/// Four callbacks promised: within the hour they are calls like others, afterwards they are made.
#[test]
fn promised_callbacks_come_home_too() {
    let (mut t, _) = riverside(&Goal::Agreed);
    let at = night(&t);
    let callbacks = |t: &Transition| {
        let door = look(t, at);
        let group = door.groups.iter().find(|g| g.group.skill == "triage");
        let group = group.unwrap();
        let now = group.readiness.as_ref().unwrap().now.inputs.demand;
        (now.callbacks_per_hour, group.assumed.join("; "))
    };
    let (none, assumed) = callbacks(&t);
    assert!(
        none == 0.0 && assumed.contains("`segue do record-open-work`"),
        "{assumed}"
    );
    let chunk = t.chunks.keys().find(|id| id.as_str().ends_with("/TRIAGE"));
    let chunk = chunk.cloned();
    let item = |n: u32, kind| OpenWorkItem {
        reference: format!("CB-{n}"),
        kind,
        acuity: Acuity::Urgent,
        due_at: None,
        chunk: chunk.clone(),
    };
    let mut items: Vec<_> = (0..4)
        .map(|n| item(n, WorkKind::PromisedCallback))
        .collect();
    items.push(item(9, WorkKind::UndeliveredMessage));
    t.contingency.open_work = Some(OpenWorkRecorded {
        taken_at: at,
        items,
        at,
    });
    let (four, assumed) = callbacks(&t);
    assert!(
        (four - 4.0).abs() < 1e-12 && !assumed.contains("callbacks"),
        "{four} {assumed}"
    );
}

#[test]
fn released_people_and_missing_figures_are_said() {
    let (mut t, _) = riverside(&Goal::Agreed);
    let at = night(&t);
    let nurse = StaffId::from("RN-N1");
    t.people.released.push(StaffReleased {
        staff: nurse,
        release: Release::Access,
        at,
    });
    assert_eq!(people(&look(&t, at), "triage"), 2);
    t.people.staff.clear();
    t.baselines = segue_domain::baseline::Baselines::default();
    let door = look(&t, at);
    assert_eq!(door.least, None);
    let missing = door.groups[0].missing.join("; ");
    for what in [
        "`segue do roster-staff`",
        "`segue calls import FILE --mapping M --source NAME`",
        "`segue do record-baseline`",
    ] {
        assert!(missing.contains(what), "{missing}");
    }
    let nothing = riverside(&Goal::Created).0;
    assert!(look(&nothing, at).groups.is_empty());
}

/// Two weeks of records of the line give each interval its own forecast: nights are no busiest hour.
#[test]
fn call_records_replace_the_busiest_hour() {
    let (t, _) = riverside(&Goal::Agreed);
    let at = night(&t);
    let zone = TimeZone::get(&t.sites[0].zone).unwrap();
    let triage = t
        .call_types
        .iter()
        .find(|k| k.rung().to_string() == "triage")
        .unwrap();
    let mut sorter = Sorter::new(&t);
    for hour in 1..24 * 21 {
        let then = at - SignedDuration::from_hours(hour);
        let local = zone.to_datetime(then);
        let busy = if (8..18).contains(&local.hour()) {
            12
        } else {
            2
        };
        for minute in 0..busy {
            let then = then + SignedDuration::from_mins(minute * (60 / busy));
            sorter.add(&Call {
                at: then,
                local: zone.to_datetime(then),
                dnis: Some(&t.lines[0].number),
                call_type: Some(triage.id.as_str()),
                answered: minute != 5,
                wait_ms: Some(20_000),
                handle_ms: (minute != 5).then_some(600_000),
            });
        }
        sorter.add(&Call {
            at: then,
            local,
            dnis: None,
            call_type: Some("PARKING"),
            answered: true,
            wait_ms: None,
            handle_ms: None,
        });
    }
    let (calls, unsorted) = sorter.finish();
    assert_eq!(unsorted, 24 * 21 - 1);
    let door = door(&t, &calls, None, at, &Assumptions::default()).unwrap();
    let group = door
        .groups
        .iter()
        .find(|g| g.group.skill == "triage")
        .unwrap();
    assert_eq!(group.basis, Some(Basis::CallRecords), "{:?}", group.missing);
    let readiness = group.readiness.as_ref().unwrap();
    let now = &readiness.now.inputs;
    let rate = now.demand.in_house_per_hour + now.demand.moved_per_hour;
    // One call in this quarter of most nights, not the twelve an hour of the day.
    assert!((1.0..6.0).contains(&rate), "{rate}");
    // Nobody has handed over what is open at the outsourcer.
    assert_eq!(group.assumed.len(), 1, "{:?}", group.assumed);
    assert!(
        readiness.worst.inputs.demand.in_house_per_hour > 8.0
            || readiness.worst.now < readiness.now.now
    );
}
