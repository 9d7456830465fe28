//! The fuzzing checks for a moment each; `make fuzz-sip` runs them for minutes.

#[path = "../examples/fuzz_sip/checks.rs"]
mod checks;

use checks::Mutator;

fn hold(check: fn(&mut Mutator) -> Result<(), String>, inputs: usize) {
    let mut mutator = Mutator::new(20_261_126);
    for _ in 0..inputs {
        if let Err(finding) = check(&mut mutator) {
            panic!("{finding}");
        }
    }
}

#[test]
fn the_parser_stands() {
    hold(checks::parser, 60_000);
}

#[test]
fn the_proxy_stands() {
    hold(checks::proxy, 4_000);
}

#[test]
fn the_stream_framer_stands() {
    hold(checks::stream, 20_000);
}
