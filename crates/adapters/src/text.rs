//! Escaping for the peers' formats.

/// Text inside XML, attribute or element.
pub(crate) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

/// A URI within a dial string or a list: the peers' own separators have no place in it.
pub(crate) fn bare(uri: &str) -> String {
    let harmful = |letter: char| {
        letter.is_control() || letter == '\'' || [',', '|', '{', '}', ' ', '^'].contains(&letter)
    };
    uri.chars().filter(|letter| !harmful(*letter)).collect()
}
