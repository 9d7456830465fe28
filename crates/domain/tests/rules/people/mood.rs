//! The mood pulse shows groups, never people (B11, §7.15).

use super::{ours, pulse};
use crate::support::Story;
use proptest::prelude::*;
use segue_domain::people::mood::{REVEALS_NOBODY, Reveals, TakeMoodPulse};
use segue_domain::{Code, Event, boards};

#[track_caller]
fn suppressed(story: &Story, pulse: TakeMoodPulse, because: Reveals) {
    let events = story
        .when(&ours(), pulse)
        .records(&["mood_pulse_suppressed"]);
    let Event::MoodPulseSuppressed(e) = &events[0] else {
        panic!("{events:?}")
    };
    assert_eq!(e.because, because);
    let kept = serde_json::to_string(e).unwrap();
    assert!(
        !kept.contains("\"answers\"") && !kept.contains("mean"),
        "{kept}"
    );
}

#[test]
fn b11_a_pulse_that_could_reveal_somebody_is_not_kept() {
    let mut story = Story::created();
    suppressed(&story, pulse(4, 0, 0), Reveals::FewAnswers);
    let mut same = pulse(9, 0, 0);
    same.mean_tenths = 50;
    suppressed(&story, same, Reveals::AllTheSame);
    story.does(&ours(), pulse(9, 3, 0));
    for (joined, left) in [(1, 0), (0, 4), (5, 2)] {
        suppressed(&story, pulse(9, joined, left), Reveals::FewChanges);
    }
    for (joined, left) in [(0, 0), (5, 0), (7, 6)] {
        story
            .when(&ours(), pulse(9, joined, left))
            .records(&["mood_pulse_taken"]);
    }
    let mut wrong = pulse(9, 0, 0);
    wrong.mean_tenths = 51;
    story.when(&ours(), wrong).refuses(Code::BadFact, "51");
}

#[test]
fn b11_managers_do_not_see_the_mood() {
    let mut story = Story::created();
    story.does(&ours(), pulse(9, 0, 0));
    let shown = boards::draw(&story.t, "people", &ours(), story.now).unwrap();
    assert!(shown.notes[0].contains("3.1 of 5 (9 answers)"), "{shown:?}");
    for role in segue_domain::Role::ALL {
        for side in segue_domain::Side::BOTH {
            let reader = segue_example::of(side, role);
            if reader == ours() {
                continue;
            }
            for kind in boards::KINDS {
                let board = boards::draw(&story.t, kind.name, &reader, story.now);
                let text = format!("{board:?}");
                assert!(!text.contains("3.1 of 5"), "{} for {reader:?}", kind.name);
            }
        }
    }
}

proptest! {
    /// Between two shown pulses of a group either nobody joined or left, or too many to tell whose answers changed.
    #[test]
    fn no_series_of_pulses_reveals_fewer_than_five(
        series in prop::collection::vec((0u32..12, 10u16..=50, 0u32..8, 0u32..8), 1..12)
    ) {
        let mut story = Story::created();
        let mut shown = false;
        for (answers, mean_tenths, joined, left) in series {
            let taken = TakeMoodPulse { mean_tenths, ..pulse(answers, joined, left) };
            let events = story.does(&ours(), taken);
            if let [Event::MoodPulseTaken(e)] = events.as_slice() {
                prop_assert!(e.answers >= REVEALS_NOBODY);
                for change in [joined, left] {
                    prop_assert!(!shown || change == 0 || change >= REVEALS_NOBODY);
                }
                shown = true;
            }
        }
    }
}
