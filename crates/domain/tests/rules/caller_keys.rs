//! A caller is known by a hash alone, and callers of a line kept apart by another one (42 CFR Part 2).

use crate::support::Story;
use segue_domain::caller::{CallerHash, CallerKey};
use segue_domain::ids::LineId;
use segue_domain::lines::{apart_line, kept_apart};

const CALLER: &str = "+16095550110";

fn key() -> CallerKey {
    CallerKey::new(&[7; 32])
}

/// The example with its first line kept apart.
fn apart() -> Story {
    let mut story = Story::created();
    story.t.lines[0].part2 = true;
    story
}

#[test]
fn a_line_kept_apart_is_found_by_each_of_its_numbers_however_written() {
    let story = apart();
    let line = &story.t.lines[0];
    let known = kept_apart(&story.t.lines);
    for route in &line.routes {
        assert_eq!(apart_line(&known, &route.dialled), Some(&line.id));
    }
    let digits: String = line.number.chars().filter(char::is_ascii_digit).collect();
    for written in [
        line.number.as_str(),
        line.id.as_str(),
        &format!("tel:{}", line.number),
        &digits,
    ] {
        assert_eq!(apart_line(&known, written), Some(&line.id), "{written}");
    }
    for other in ["+16095559999", "anonymous", ""] {
        assert_eq!(apart_line(&known, other), None, "{other}");
    }
    let other = &story.t.lines[1];
    assert_eq!(apart_line(&known, &other.number), None);
    assert!(known.values().all(|id| *id == line.id));
    assert!(kept_apart(&Story::created().t.lines).is_empty());
    assert_eq!(apart_line(&kept_apart(&[]), &line.number), None);
}

#[test]
fn a_caller_of_a_line_kept_apart_is_nobody_elsewhere() {
    let story = apart();
    let (line, other) = (&story.t.lines[0], &story.t.lines[1]);
    let (key, elsewhere) = (key(), key().hash(CALLER));
    let here = story.t.caller_key(&key, &line.number).hash(CALLER);
    assert_ne!(here, elsewhere);
    assert_eq!(here, key.of_line(&line.id).hash(CALLER));
    assert_ne!(here, key.of_line(&other.id).hash(CALLER));
    assert_eq!(
        story.t.caller_key(&key, &other.number).hash(CALLER),
        elsewhere
    );
    let known = kept_apart(&story.t.lines);
    assert_eq!(key.of_dialled(&known, line.id.as_str()).hash(CALLER), here);
    let created = Story::created();
    assert_eq!(
        created.t.caller_key(&key, &line.number).hash(CALLER),
        elsewhere
    );
}

#[test]
fn a_mark_belongs_to_one_key_caller_and_number() {
    let mark = key().test_mark(CALLER, "7001");
    assert_eq!(mark.len(), 64);
    assert!(mark.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(mark, key().test_mark(CALLER, "7001"));
    for other in [
        key().test_mark(CALLER, "7002"),
        key().test_mark("+16095550111", "7001"),
        CallerKey::new(&[8; 32]).test_mark(CALLER, "7001"),
        key().hash(CALLER).to_string(),
    ] {
        assert_ne!(mark, other);
    }
    let used = key().dial_in_mark(&["RVS", "M-01"]);
    assert_eq!(used.len(), 32);
    assert!(used.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(used, key().dial_in_mark(&["RVS", "M-01"]));
    // The parts do not run into each other.
    for parts in [&["RVSM", "-01"][..], &["RVS", "M-01", ""], &["RVS"]] {
        assert_ne!(used, key().dial_in_mark(parts), "{parts:?}");
    }
}

#[test]
fn a_hash_is_written_and_read_as_text() {
    let hash = key().hash(CALLER);
    let text = hash.to_string();
    assert_eq!(format!("{hash:?}"), format!("CallerHash({text})"));
    let written = serde_json::to_string(&hash).unwrap();
    assert_eq!(written, format!("\"{text}\""));
    assert_eq!(serde_json::from_str::<CallerHash>(&written).unwrap(), hash);
    for odd in ["\"ab\"", "\"zz\"", "7"] {
        assert!(serde_json::from_str::<CallerHash>(odd).is_err(), "{odd}");
    }
    let line = LineId::from("RVS-Main-TFN");
    assert_ne!(key().of_line(&line).hash(CALLER), hash);
}
