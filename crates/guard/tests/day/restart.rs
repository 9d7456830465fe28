//! Evidence outlives the process: killed, read back and told everything of the last day again, the loop goes on as if nothing had
//! happened.

use super::rig::{Centre, Day};
use segue_guard::{Fact, Watch};

fn bytes(watch: &Watch) -> String {
    serde_json::to_string(watch).unwrap()
}

#[test]
fn killed_and_read_back_it_gives_the_same_bytes() {
    let mut one = Day::live(true);
    let mut other = Day::live(true);
    for day in [&mut one, &mut other] {
        day.play(90, Centre::Well, Centre::Well);
        day.play(30, Centre::Well, Centre::Slow);
    }
    let written = bytes(&other.watch);
    other.watch = serde_json::from_str(&written).unwrap();
    assert_eq!(bytes(&other.watch), written);
    other.show(true);
    // What was told before the end is read again from the stored facts; nothing of it counts twice.
    for fact in other.heard.clone() {
        if !matches!(fact, Fact::Fed(_)) {
            other.watch.hear(fact);
        }
    }
    let before = one.turns.len();
    for day in [&mut one, &mut other] {
        day.play(120, Centre::Well, Centre::HangUps);
    }
    assert!(one.turns.len() > before + 60);
    let assessments = |day: &Day| -> Vec<String> {
        let turns = day.turns.iter();
        turns
            .map(|turn| serde_json::to_string(&turn.assessment).unwrap())
            .collect()
    };
    assert_eq!(assessments(&one), assessments(&other));
    assert_eq!(bytes(&one.watch), bytes(&other.watch));
    assert!(!one.alarms().is_empty());
}
