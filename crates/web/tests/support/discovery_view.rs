//! The discovery page of the fixture: near the moment of `04-discovery.html`.

use segue_web::discovery::{
    Count, DayRow, DiscoveryView, FeedRow, FlowStep, FlowView, GroupRow, HolidayRow, ImportRow,
    PathView, QuarantineView, ReportRow, TypeRow, WaitRow, WayHomeRow,
};
use segue_web::view::{Aspect, BlindSpot, CheckView};

fn week() -> Vec<DayRow> {
    let day = |(at, name): (u64, &str)| {
        let hour = |hour: u64| match hour {
            3 => Count::Known(0),
            4 if at == 6 => Count::Withheld,
            8..18 => Count::Known(365 - 30 * at - hour),
            _ => Count::Known(20 + hour),
        };
        DayRow {
            day: name.into(),
            hours: (0..24).map(hour).collect(),
            total: if at == 6 {
                Count::Withheld
            } else {
                Count::Known(3_744 - at)
            },
        }
    };
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    (0..).zip(days).map(day).collect()
}

fn kind(name: &str, calls: u64) -> TypeRow {
    TypeRow {
        name: name.into(),
        calls: Count::Known(calls),
        share: "11.0 %".into(),
        abandoned: "3.0 %".into(),
        handle: "660 s".into(),
        comes: "day and night".into(),
        answered: "24 × 7".into(),
        skills: "RN licensed where the caller is".into(),
        systems: "EHR-triage-notes write, protocol-software read".into(),
        told_apart: "menu 4".into(),
    }
}

fn flow() -> FlowView {
    let step = |name: &str, written| FlowStep {
        name: name.into(),
        written,
    };
    let path = |steps, ending: &str, contacts| PathView {
        steps,
        ending: ending.into(),
        contacts: Count::Known(contacts),
        times: "wait 28 s, handling 660 s".into(),
    };
    FlowView {
        line: "+1 800 555 0142 <main>".into(),
        contacts: Count::Known(18_400),
        paths: vec![
            path(vec![step("TRIAGE", true)], "answered", 17_000),
            path(
                vec![step("TRIAGE", true), step("voicemail", false)],
                "abandoned",
                1_400,
            ),
        ],
        others: Some("12 contacts went further ways.".into()),
        written: Some(vec!["greeting".into(), "option 4: queue of TRIAGE".into()]),
        unseen: vec!["CONSULT".into()],
    }
}

fn quarantine() -> QuarantineView {
    QuarantineView {
        total: Count::Known(473),
        reasons: vec![
            ("missing hang-up".into(), Count::Known(461)),
            ("negative wait".into(), Count::Known(12)),
        ],
        rows: vec![(
            "ccdr-2026-09-12.csv".into(),
            10_482,
            "missing hang-up".into(),
        )],
        first: Count::Known(201),
        before: Some(1),
        after: Some(401),
    }
}

fn found() -> DiscoveryView {
    DiscoveryView {
        sources: "records of acd, 31 Aug to 28 Sep 2026".into(),
        week: week(),
        week_says: "Mon 08:00 is the peak at 357 calls.".into(),
        waits: [("0–5 s", 9_000, 10), ("5–10 s", 4_000, 200), ("over", 0, 0)]
            .map(|(wait, answered, abandoned)| WaitRow {
                wait: wait.into(),
                answered: Count::Known(answered),
                abandoned: Count::Known(abandoned),
            })
            .into(),
        waits_say: "Half of the callers would still wait after 240 s.".into(),
        types: vec![kind("Message", 9_200), kind("Triage <rn>", 2_000)],
        holidays: vec![HolidayRow {
            day: "Labor Day, 7 Sep 2026".into(),
            calls: Count::Known(1_084),
            usual: "3,744".into(),
            difference: "−71 %".into(),
        }],
        flows: vec![flow()],
        flow_differences: vec!["1,400 contacts reach “voicemail”, which no flow names.".into()],
        groups: vec![GroupRow {
            group: "language Spanish".into(),
            calls: Count::Known(1_240),
            evidence: "Calls in language Spanish take 41 % longer.".into(),
            suggested_trait: "ask in depth".into(),
            aspect: Aspect::Todo,
            word: "Ask the nurses".into(),
        }],
        groups_say: "41 comparisons, Holm: one false finding in twenty reports.".into(),
        ..DiscoveryView::default()
    }
}

pub(crate) fn discovery(quarantine_from: u64) -> DiscoveryView {
    DiscoveryView {
        finding: "8 of 11 discovery items are done. Planning stays shut until all are signed."
            .into(),
        lead: "Open: one caller profile, three practices, both signatures.".into(),
        checks: vec![CheckView {
            what: "Every number has a flow walked by both".into(),
            aspect: Aspect::Proved,
            response: "2 of 2".into(),
        }],
        types_say: "1.3 % without a type, limit 2 %".into(),
        types_aspect: Aspect::Proved,
        reports: vec![ReportRow {
            report: "vendor report".into(),
            reported: Count::Known(79_800),
            reproduced: Count::Known(79_643),
            gap: "−0.20 %".into(),
            aspect: Aspect::Proved,
            word: "within 1 %".into(),
        }],
        imports: vec![ImportRow {
            source: "acd".into(),
            at: "1 Oct 2026".into(),
            files: 4,
            read: Count::Known(84_112),
            kept: Count::Known(79_834),
            duplicates: Count::Known(4_205),
            quarantined: Count::Known(73),
            erased: Count::Known(0),
        }],
        quarantine: if quarantine_from > 1 {
            quarantine()
        } else {
            QuarantineView::default()
        },
        cannot_see: vec![BlindSpot {
            what: "Busy lines".into(),
            why: "No carrier's records are imported.".into(),
        }],
        feeds: vec![FeedRow {
            source: "acd".into(),
            records: Count::Known(79_834),
            days: "31 Aug to 28 Sep 2026".into(),
            cadence: "once".into(),
            last_fed: "1 Oct 2026".into(),
        }],
        ways_home: vec![WayHomeRow {
            mechanism: "toll-free record".into(),
            chunks: "RVS-Main/MSG".into(),
            agreed: "900 s".into(),
            drilled: "41 s, once".into(),
            real: "never".into(),
        }],
        figures: vec![("Callbacks on time".into(), "94.1 % (160 of 170)".into())],
        ..found()
    }
}
