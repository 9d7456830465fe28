//! The room by itself: majorities, fences, presses, what is apart, who works.

use super::*;

fn room(peers: &[&str]) -> Room<()> {
    let settings = Settings {
        peers: peers.iter().map(|name| (*name).to_owned()).collect(),
        ..Settings::alone("A")
    };
    Room::new(settings, BTreeMap::new())
}

fn answer(from: &str, asked_ms: u64, wall_us: i64) -> Word<()> {
    Word {
        from: from.to_owned(),
        asked_ms,
        epochs: BTreeMap::new(),
        presses: BTreeMap::new(),
        table_hash: String::new(),
        version: 0,
        wall_us,
        is_home: false,
        sends_ms_left: 0,
        lease_ms_left: 0,
        latch_epoch: 0,
        apart: Apart::default(),
        jobs: BTreeSet::new(),
    }
}

#[test]
fn a_majority_of_nodes_and_journal_is_needed() {
    // Peers heard, journal read → sends out.
    for (peers, heard, journal, sends) in [
        (0, 0, true, true),
        (1, 0, true, true),
        (1, 1, true, true),
        (2, 0, true, false),
        (2, 1, true, true),
        (2, 2, true, true),
        (3, 1, true, true),
        (4, 1, true, false),
        (4, 2, true, true),
    ] {
        let names = ["B", "C", "D", "E"];
        let mut room = room(&names[..peers]);
        if journal {
            room.hear_journal(1_000, 900_000, 1_010);
        }
        for name in &names[..heard] {
            room.hear(&answer(name, 1_000, 0), 0, 1_020);
        }
        let found = room.window().is_open(1_030);
        assert_eq!(found, sends, "{heard} of {peers} peers, journal {journal}");
    }
}

#[test]
fn without_the_journal_all_of_three_nodes_last_for_the_lease() {
    let mut room = room(&["B", "C"]);
    room.hear_journal(1_000, 900_000, 1_000);
    for now_ms in (1_000..1_000_000).step_by(500) {
        for name in ["B", "C"] {
            room.hear(&answer(name, now_ms, 0), 0, now_ms);
        }
        let open = room.window().is_open(now_ms);
        assert_eq!(open, now_ms < 901_000, "{now_ms}");
    }
}

#[test]
fn a_late_answer_counts_from_its_question() {
    let mut room = room(&["B", "C"]);
    room.hear_journal(3_000, 900_000, 3_010);
    room.hear(&answer("B", 1_000, 0), 0, 5_900);
    assert!(room.window().is_open(5_999) && !room.window().is_open(6_000));
    // From the future or from nobody we know: no news.
    room.hear(&answer("B", 9_000, 0), 0, 6_100);
    room.hear(&answer("X", 6_000, 0), 0, 6_100);
    assert!(!room.window().is_open(6_100));
}

#[test]
fn clocks_that_differ_are_named_and_a_slow_way_is_not() {
    let mut room = room(&["B", "C"]);
    room.hear(&answer("B", 1_000, 3_000_000), 0, 1_010);
    room.hear(&answer("C", 1_000, 3_000_000), 0, 4_500);
    assert_eq!(room.apart(4_600).clocks, ["B".to_owned()].into());
    // Not heard any more: nothing is known of its clock.
    assert!(room.apart(6_100).is_empty());
}

#[test]
fn another_table_is_apart_only_when_it_stays() {
    let mut room = room(&["B", "C"]);
    let own = RouteTable {
        version: 7,
        ..RouteTable::default()
    };
    let runs = |from: &str, hash: &str, asked_ms| Word {
        table_hash: hash.to_owned(),
        version: 7,
        ..answer(from, asked_ms, 0)
    };
    for now_ms in (1_000..30_000).step_by(500) {
        let other = if now_ms < 9_000 { "old" } else { "new" };
        room.hear(&runs("B", other, now_ms), 0, now_ms);
        room.hear(&runs("C", "old", now_ms), 0, now_ms);
        room.compare_tables(&own, "new", now_ms);
        let apart = room.apart(now_ms).tables;
        let expected = if now_ms > 11_000 { vec!["C"] } else { vec![] };
        assert_eq!(apart.into_iter().collect::<Vec<_>>(), expected, "{now_ms}");
    }
}

#[test]
fn what_one_node_sees_is_told_by_all_and_all_is_well_only_when_all_are_heard() {
    let mut room = room(&["B", "C"]);
    let sees = Apart {
        clocks: ["C".to_owned()].into(),
        ..Apart::default()
    };
    let told = Word {
        apart: sees.clone(),
        ..answer("B", 1_000, 0)
    };
    room.hear(&told, 0, 1_010);
    assert_eq!(room.apart_anywhere(1_020), (sees.clone(), false));
    room.hear(&answer("C", 1_000, 0), 0, 1_010);
    assert_eq!(room.apart_anywhere(1_020), (sees, true));
    room.hear(&answer("B", 1_500, 0), 0, 1_510);
    assert_eq!(room.apart_anywhere(1_520), (Apart::default(), true));
    assert_eq!(room.apart_anywhere(6_200), (Apart::default(), false));
}

#[test]
fn the_first_node_works_and_the_next_takes_over_when_it_is_silent_or_stops() {
    let works = |from: &str, asked_ms, jobs: &[&str]| Word {
        jobs: jobs.iter().map(|job| (*job).to_owned()).collect(),
        ..answer(from, asked_ms, 0)
    };
    let settings = Settings {
        peers: ["A".to_owned(), "C".to_owned()].into(),
        ..Settings::alone("B")
    };
    let mut room: Room<()> = Room::new(settings, BTreeMap::new());
    assert!(!room.stands_by("guards", 900));
    room.hear(&works("C", 1_000, &["guards"]), 0, 1_010);
    assert!(!room.stands_by("guards", 1_020), "C comes after B");
    room.hear(&works("A", 1_000, &["guards"]), 0, 1_010);
    assert!(room.stands_by("guards", 1_020));
    assert!(!room.stands_by("heartbeats", 1_020), "A has none");
    assert!(!room.stands_by("guards", 6_001), "A is silent");
    room.hear(&works("A", 7_000, &[]), 0, 7_010);
    assert!(!room.stands_by("guards", 7_020), "A stopped");
}

#[test]
fn a_press_stays_open_until_the_own_table_holds_it_and_never_opens_again() {
    let mut room = room(&["B"]);
    let press = Open {
        scope: "all".to_owned(),
        press: (),
    };
    assert!(room.press("p", press.clone()) && !room.press("p", press.clone()));
    room.recorded("p", 8);
    room.close_recorded(7);
    assert_eq!(room.open().len(), 1);
    room.close_recorded(8);
    assert!(room.open().is_empty());
    let late = Word {
        presses: [("p".to_owned(), press)].into(),
        ..answer("B", 1, 0)
    };
    assert!(room.listen(&late).is_empty());
}

#[test]
fn a_press_says_whom_it_reached() {
    let mut room = room(&["B", "C"]);
    room.hear(&answer("B", 900, 0), 0, 950);
    let alone = room.reach(1_000, false);
    assert_eq!((alone.home.len(), alone.complete), (1, false));
    room.hear(&answer("B", 1_000, 0), 0, 1_010);
    assert!(!room.reach(1_000, false).complete);
    assert!(room.reach(1_000, true).complete);
    let missing: Vec<_> = room.reach(1_000, true).missing.into_iter().collect();
    assert_eq!(missing, ["C"]);
}

#[test]
fn a_node_that_is_behind_and_moves_on_is_not_apart_and_one_that_stands_is() {
    let mut room = room(&["B", "C"]);
    for (n, now_ms) in (1_000..40_000).step_by(500).enumerate() {
        // A fact every half second; B is always one behind, C stopped at 20 s.
        let own = n as u64 + 2;
        let stopped = own.min(40);
        for (name, version) in [("B", own - 1), ("C", stopped - 1)] {
            let word = Word {
                version,
                table_hash: version.to_string(),
                ..answer(name, now_ms, 0)
            };
            room.hear(&word, 0, now_ms);
        }
        let table = RouteTable {
            version: own,
            ..RouteTable::default()
        };
        room.compare_tables(&table, &own.to_string(), now_ms);
        let apart: Vec<_> = room.apart(now_ms).tables.into_iter().collect();
        let expected = if now_ms > 30_000 { vec!["C"] } else { vec![] };
        assert_eq!(apart, expected, "{now_ms}");
    }
}

#[test]
fn another_table_of_the_same_facts_is_apart_however_often_it_changes() {
    let mut room = room(&["B"]);
    for (n, now_ms) in (1_000..13_000).step_by(500).enumerate() {
        let version = n as u64;
        let word = Word {
            version,
            table_hash: format!("other {version}"),
            ..answer("B", now_ms, 0)
        };
        room.hear(&word, 0, now_ms);
        let table = RouteTable {
            version,
            ..RouteTable::default()
        };
        room.compare_tables(&table, &format!("own {version}"), now_ms);
        let is_apart = !room.apart(now_ms).is_empty();
        assert_eq!(is_apart, now_ms > 11_000, "{now_ms}");
    }
}
