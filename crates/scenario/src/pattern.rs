//! Patterns with places: `{person} signs version {n}`.

/// The texts at the pattern's places, or `None` when the line says something else.
///
/// A place takes as little text as lets the rest match, and never nothing.
pub(crate) fn match_line<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let Some((literal, rest)) = pattern.split_once('{') else {
        return (pattern == text).then(Vec::new);
    };
    let text = text.strip_prefix(literal)?;
    let (_, after) = rest.split_once('}')?;
    let next = after.split('{').next().unwrap_or_default();
    if next.is_empty() {
        return (after.is_empty() && !text.is_empty()).then(|| vec![text]);
    }
    for (at, _) in text.match_indices(next).filter(|(at, _)| *at > 0) {
        if let Some(others) = match_line(after, &text[at..]) {
            let mut found = vec![&text[..at]];
            found.extend(others);
            return Some(found);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::match_line;

    #[test]
    fn places_take_what_is_between_the_words() {
        let pattern = "{person} proposes a step of {chunk} to {share}";
        assert_eq!(
            match_line(
                pattern,
                "the client's manager proposes a step of RVS-Main/APPT to 110"
            ),
            Some(vec!["the client's manager", "RVS-Main/APPT", "110"])
        );
        assert_eq!(
            match_line("{a} to {b} to {c}", "1 to 2 to 3"),
            Some(vec!["1", "2", "3"])
        );
        assert_eq!(match_line("accepted", "accepted"), Some(vec![]));
        for other in ["accepte", "accepted?", "", "not accepted"] {
            assert_eq!(match_line("accepted", other), None, "{other}");
        }
        assert_eq!(
            match_line("{n} days pass", " days pass"),
            None,
            "a place is never empty"
        );
        assert_eq!(
            match_line("{chunk} is live at {n} %", "A/B is live at 20 %"),
            Some(vec!["A/B", "20"])
        );
    }
}
