//! Shift windows in orders: the carrier's record and Segue's own table say the same at every instant (A17, scenarios 23, 24).
#![expect(clippy::expect_used, reason = "helpers of tests")]

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use segue_domain::share::TrafficShare;
use segue_domain::windows::{HolidayHours, Holidays, ShiftWindow, WeeklyWindow};
use segue_routing::mechanism::{Mechanism, Start};
use segue_routing::order::{Compiled, Order, RefusedValue, compile, diff, turns};

const NY: &str = "America/New_York";
const OUT: &str = "6095550199";
const HOME: &str = "6095550110";

fn order(mechanism: Mechanism, percent: u8, windows: &[&str]) -> Order {
    Order {
        mechanism,
        number: "8005550142".into(),
        out: OUT.into(),
        home: HOME.into(),
        share: TrafficShare::from_percent(percent).expect("a percent"),
        start: Start::Now,
        zone: NY.into(),
        windows: windows
            .iter()
            .map(|text| ShiftWindow::new(text, NY))
            .collect(),
    }
}

fn compiled(mechanism: Mechanism, percent: u8, windows: &[&str]) -> Compiled {
    compile(&order(mechanism, percent, windows)).expect("it fits")
}

#[test]
fn a_toll_free_record_covers_the_week_with_times_that_begin_inside_and_end_outside() {
    let night = compiled(Mechanism::TollFreeCpr, 100, &["Mon-Fri 19:00-07:00"]);
    assert_eq!(
        night.artefact,
        [
            "TFN 8005550142  EFF NOW  TZ America/New_York  DST YES",
            "SWITCH SEGUE",
            "  ON",
            "    DAY MON",
            "      TIME 00:00-19:00",
            "        TERM 6095550110",
            "      TIME 19:00-24:00",
            "        TERM 6095550199",
            "    DAY TUE-FRI",
            "      TIME 00:00-07:00",
            "        TERM 6095550199",
            "      TIME 07:00-19:00",
            "        TERM 6095550110",
            "      TIME 19:00-24:00",
            "        TERM 6095550199",
            "    DAY SAT",
            "      TIME 00:00-07:00",
            "        TERM 6095550199",
            "      TIME 07:00-24:00",
            "        TERM 6095550110",
            "    DAY SUN",
            "      TIME 00:00-24:00",
            "        TERM 6095550110",
            "  OFF",
            "    TERM 6095550110",
        ]
    );
    assert_eq!(night.hours[0], "MON 19:00-24:00");
    assert!(
        night
            .script
            .iter()
            .any(|step| step.contains("clocks change"))
    );
}

#[test]
fn a_place_without_a_clock_is_told_at_each_turn_of_the_week() {
    let weekend = ["Fri 18:00-Mon 08:00"];
    let forwarded = compiled(Mechanism::CallForwarding, 100, &weekend);
    assert_eq!(
        forwarded.artefact,
        [
            "NOW, if that is within the hours: *72 6095550199",
            "MON 08:00 America/New_York: *73",
            "FRI 18:00 America/New_York: *72 6095550199",
        ]
    );
    let pbx = compiled(Mechanism::PbxRouting, 33, &weekend);
    assert_eq!(
        pbx.artefact[2],
        "FRI 18:00 America/New_York: allocate 33 % to 6095550199, 67 % to 6095550110"
    );
    let connect = compiled(Mechanism::AmazonConnect, 30, &weekend);
    assert_eq!(connect.artefact.len(), 3);
    assert!(
        connect.artefact[1].contains(r#""Percentage":100"#),
        "home alone"
    );
    let always = compiled(Mechanism::CallForwarding, 100, &["always"]);
    assert_eq!(always.artefact, ["*72 6095550199"], "nothing ever turns");
    let starts = |at: &str| {
        let start = Start::At(at.parse().expect("a local time"));
        let order = Order {
            start,
            ..order(Mechanism::CallForwarding, 100, &weekend)
        };
        compile(&order).expect("it fits").artefact
    };
    let inside = starts("2026-12-05T09:00");
    assert_eq!(
        (inside.len(), inside[0].as_str()),
        (3, "2026-12-05T09:00:00 America/New_York: *72 6095550199")
    );
    assert_eq!(starts("2026-12-08T09:00").len(), 2, "home until it turns");
    for (mechanism, windows, count) in [
        (Mechanism::AmazonConnect, &weekend[..], 2),
        (Mechanism::AmazonConnect, &["always"], 0),
        (Mechanism::AmazonConnect, &[], 0),
        (Mechanism::TollFreeCpr, &weekend, 0),
    ] {
        assert_eq!(turns(&order(mechanism, 30, windows)), count);
    }
}

/// Whoever follows the lines to the letter: on a date that is named its lines, on every other day its weekday's.
fn told(lines: &[String], from: Date, until: Date, minute: u32) -> bool {
    let days = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
    let mut out = None;
    let mut date = from;
    while date <= until {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).expect("a weekday");
        let of = |name: &str| {
            lines
                .iter()
                .filter(|l| l.starts_with(name))
                .collect::<Vec<_>>()
        };
        let named = of(&date.to_string());
        let today = if named.is_empty() {
            of(days[weekday])
        } else {
            named
        };
        for line in today {
            let mut words = line.split(' ').skip(1);
            let clock = words
                .next()
                .and_then(|c| c.split_once(':'))
                .expect("a time");
            let at = 60 * clock.0.parse::<u32>().expect("h") + clock.1.parse::<u32>().expect("m");
            if date < until || at <= minute {
                out = Some(line.contains("*72"));
            }
        }
        date = date.tomorrow().expect("a day");
    }
    out.unwrap_or_else(|| lines[0].contains("*72"))
}

#[test]
fn a_boundary_off_the_grid_and_another_zone_are_named_with_what_would_do() {
    let mut odd = order(Mechanism::TollFreeCpr, 33, &["daily 19:07-07:00"]);
    odd.windows
        .push(ShiftWindow::new("Sat 08:00-12:00", "America/Chicago"));
    let refused = compile(&odd).expect_err("neither fits");
    let refused: Vec<_> = refused
        .iter()
        .map(|r| (r.value.as_str(), r.nearest.join(" or ")))
        .collect();
    assert_eq!(
        refused,
        [
            (
                "Sat 08:00-12:00 in America/Chicago",
                "an order in America/Chicago".to_owned()
            ),
            ("19:07", "19:00 or 19:15".to_owned()),
        ]
    );
    odd.share = TrafficShare::HOME;
    assert!(compile(&odd).is_ok(), "the way home has no hours");
    let unread: Vec<RefusedValue> =
        compile(&order(Mechanism::PbxRouting, 5, &["nightly"])).expect_err("no window");
    assert!(unread[0].nearest[0].contains("as a window"), "{unread:?}");
    let minutes = compile(&order(Mechanism::PbxRouting, 5, &["daily 19:07-07:00"]));
    assert!(minutes.is_ok(), "a PBX's clock has minutes");
}

#[test]
fn other_hours_are_a_difference() {
    let (a, b) = (
        compiled(Mechanism::TollFreeCpr, 20, &["Sat 08:00-12:00"]),
        compiled(Mechanism::TollFreeCpr, 20, &["Sat 08:00-13:00"]),
    );
    let lines = diff(&a, &b);
    assert!(
        lines[0].starts_with("hours: MON-FRI home; SAT 08:00-12:00; SUN home → "),
        "{lines:?}"
    );
}

/// Reads a record as a carrier would: the places of an instant on the wall clock, percents in order.
fn carrier(record: &[String], date: Date, minute: u32) -> Vec<(u32, String)> {
    let days = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
    let today = usize::try_from(date.weekday().to_monday_zero_offset()).expect("a weekday");
    let holds = |when: &str| match when.split_once(' ').expect("a condition") {
        ("DATE", on) => on == date.to_string(),
        ("DAY", on) => {
            let (first, last) = on.split_once('-').unwrap_or((on, on));
            let index = |day: &str| days.iter().position(|d| *d == day).expect("a day");
            (index(first)..=index(last)).contains(&today)
        }
        ("TIME", on) => {
            let minute_of = |text: &str| {
                let (h, m) = text.split_once(':').expect("a time");
                h.parse::<u32>().expect("hours") * 60 + m.parse::<u32>().expect("minutes")
            };
            let (from, to) = on.split_once('-').expect("two times");
            (minute_of(from)..minute_of(to)).contains(&minute)
        }
        other => panic!("{other:?}"),
    };
    let on = record.iter().skip_while(|line| line.trim() != "ON").skip(1);
    let on: Vec<_> = on.take_while(|line| line.trim() != "OFF").collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let (mut at, mut places) = (0, Vec::new());
    let mut percent = 100;
    while at < on.len() {
        let line = on[at].trim();
        if let Some(place) = line.strip_prefix("TERM ") {
            places.push((percent, place.to_owned()));
            if percent == 100 {
                return places;
            }
        } else if let Some(branch) = line.strip_prefix("PERCENT ") {
            percent = branch.parse().expect("a percent");
        } else if !holds(line) {
            let own = indent(on[at]);
            at += 1;
            while at < on.len() && indent(on[at]) > own {
                at += 1;
            }
            continue;
        }
        at += 1;
        if places.iter().map(|(percent, _)| percent).sum::<u32>() == 100 {
            return places;
        }
    }
    places
}

fn window_text() -> impl Strategy<Value = String> {
    let days = prop::sample::select(vec!["Mon-Fri", "daily", "Sat", "Fri-Mon", "Sun", "Wed-Thu"]);
    let time = (0_u32..24, prop::sample::select(vec![0_u32, 15, 30, 45]));
    (days, time.clone(), time)
        .prop_map(|(days, (h, m), (h2, m2))| format!("{days} {h:02}:{m:02}-{h2:02}:{m2:02}"))
}

proptest! {
    /// Whatever the windows and holidays, a carrier that reads the record sends out exactly when Segue's own windows are open,
    /// and in every hour of the week somebody is named.
    #[test]
    fn carrier_and_table_agree(
        texts in prop::collection::vec(window_text(), 1..4),
        as_sunday in any::<bool>(),
        percent in 1_u8..=100,
        quarter in 0_i64..14 * 96,
    ) {
        let holidays = Holidays {
            hours: if as_sunday { HolidayHours::AsSunday } else { HolidayHours::Closed },
            dates: [date(2027, 7, 5)].into(),
        };
        let mut order = order(Mechanism::TollFreeCpr, percent, &[]);
        order.windows = texts.iter().map(|text| ShiftWindow {
            holidays: holidays.clone(),
            ..ShiftWindow::new(text, NY)
        }).collect();
        let record = compile(&order).expect("quarters fit").artefact;
        let windows: Vec<WeeklyWindow> = order.windows.iter().map(|w| w.parse().expect("a window")).collect();
        // Two weeks of summer around a holiday: no change of the clock.
        let start: Timestamp = "2027-06-28T04:00:00Z".parse().expect("midnight in New York");
        let at = start + (quarter * 15).minutes();
        let local = at.in_tz(NY).expect("a zone");
        let minute = u32::try_from(local.hour()).expect("hours") * 60 + u32::try_from(local.minute()).expect("minutes");
        let places = carrier(&record, local.date(), minute);
        prop_assert_eq!(places.iter().map(|(p, _)| p).sum::<u32>(), 100, "{:?}", record);
        let out: u32 = places.iter().filter(|(_, place)| place == OUT).map(|(p, _)| p).sum();
        let open = windows.iter().any(|window| window.contains(at));
        prop_assert_eq!(out, if open { u32::from(percent) } else { 0 }, "{:?} at {}", record, local);
    }
}

proptest! {
    /// Whatever the windows and holidays, a place without a clock that is told each line at its time is out exactly when Segue's own
    /// windows are open.
    #[test]
    fn turns_and_table_agree(
        texts in prop::collection::vec(window_text(), 1..4),
        as_sunday in any::<bool>(),
        second in 6_i8..9,
        quarter in 0_i64..14 * 96,
    ) {
        let holidays = Holidays {
            hours: if as_sunday { HolidayHours::AsSunday } else { HolidayHours::Closed },
            dates: [date(2027, 7, 5), date(2027, 7, second)].into(),
        };
        let mut order = order(Mechanism::CallForwarding, 100, &[]);
        order.windows = texts.iter().map(|text| ShiftWindow {
            holidays: holidays.clone(),
            ..ShiftWindow::new(text, NY)
        }).collect();
        let lines = compile(&order).expect("minutes fit").artefact;
        let mut windows = order.windows.iter().map(|w| w.parse().expect("a window"));
        let start: Timestamp = "2027-06-28T04:00:00Z".parse().expect("midnight in New York");
        let at = start + (quarter * 15).minutes();
        let local = at.in_tz(NY).expect("a zone");
        let minute = u32::try_from(local.hour()).expect("hours") * 60 + u32::try_from(local.minute()).expect("minutes");
        let out = told(&lines, date(2027, 6, 20), local.date(), minute);
        prop_assert_eq!(out, windows.any(|w: WeeklyWindow| w.contains(at)), "{:?} at {}", lines, local);
    }
}

#[test]
fn in_the_night_the_clocks_change_the_record_reads_the_wall_clock() {
    let record = compiled(Mechanism::TollFreeCpr, 100, &["Sat 22:00-Sun 06:00"]).artefact;
    let window = ShiftWindow::new("Sat 22:00-Sun 06:00", NY)
        .parse()
        .expect("a window");
    // Both 01:30 of 1 November 2026, and the hour that 14 March 2027 has not.
    for at in [
        "2026-11-01T05:30:00Z",
        "2026-11-01T06:30:00Z",
        "2026-11-01T10:59:00Z",
        "2026-11-01T11:00:00Z",
        "2027-03-14T06:59:00Z",
        "2027-03-14T07:00:00Z",
        "2027-03-14T10:00:00Z",
    ] {
        let at: Timestamp = at.parse().expect("an instant");
        let local = at.in_tz(NY).expect("a zone");
        let minute = u32::try_from(local.hour()).expect("hours") * 60
            + u32::try_from(local.minute()).expect("minutes");
        let out = carrier(&record, local.date(), minute)[0].1 == OUT;
        assert_eq!(out, window.contains(at), "{local}");
    }
}
