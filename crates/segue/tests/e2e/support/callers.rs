//! The telephones that ring in the tests: one list, from which callers are drawn and which no log may hold.

/// What the callers' numbers begin with, without the country's code, because a log may have either: fictitious ones of area code 609.
pub(crate) const CALLERS: [&str; 11] = [
    "609555", "609556", "609557", "609558", "609571", "609572", "609573", "609574", "609580",
    "609581", "609582",
];

/// Callers' numbers of a series.
pub(crate) fn callers(series: u32, count: usize) -> Vec<String> {
    let begin = format!("609{series:03}");
    assert!(
        CALLERS.contains(&begin.as_str()),
        "the logs are not searched for {begin}: add it to CALLERS"
    );
    (0..count).map(|n| format!("+1{begin}{n:04}")).collect()
}

/// The first line that names one of them.
pub(crate) fn named_in(log: &str) -> Option<&str> {
    let names = |line: &&str| CALLERS.iter().any(|caller| line.contains(caller));
    log.lines().find(names)
}

#[test]
fn every_caller_of_the_tests_is_found_in_a_log() {
    for begin in CALLERS {
        let series = begin[3..].parse().expect("a series");
        let caller = callers(series, 1).remove(0);
        let line = format!("WARN segue: {caller} rang");
        assert_eq!(named_in(&format!("INFO a\n{line}\nINFO b")), Some(&*line));
        let national = caller.trim_start_matches("+1");
        assert!(named_in(national).is_some(), "{national}");
    }
    assert_eq!(named_in("INFO 8005550142 was dialled"), None);
}
