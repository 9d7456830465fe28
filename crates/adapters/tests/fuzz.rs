//! The fuzzing checks for a moment; `make fuzz-adapters` runs them for minutes.

#[path = "../examples/fuzz_adapters/checks.rs"]
mod checks;

#[test]
fn questions_answers_and_signatures_stand() {
    let mut mutator = checks::Mutator::new(20_261_127);
    for _ in 0..20_000 {
        if let Err(finding) = checks::round(&mut mutator) {
            panic!("{finding}");
        }
    }
}
