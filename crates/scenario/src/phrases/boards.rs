//! Boards: what a concern shows to whom.

use super::{Phrase, then};
use crate::people;
use crate::seen::Seen;
use crate::steps::{Read, check};
use crate::trouble::{Trouble, holds, wanting};
use crate::words::quoted;
use segue_domain::{Actor, boards};

/// Who looks where a script does not say.
const READER: &str = "the client's manager";

pub(super) const PHRASES: &[Phrase] = &[
    then("the {board} board shows {\"text\"}", |w| {
        shows(READER, w[0], w[1], true)
    }),
    then("the {board} board does not show {\"text\"}", |w| {
        shows(READER, w[0], w[1], false)
    }),
    then("the {board} board shows {person}: {\"text\"}", |w| {
        shows(w[1], w[0], w[2], true)
    }),
    then(
        "the {board} board does not show {person}: {\"text\"}",
        |w| shows(w[1], w[0], w[2], false),
    ),
    then("the {board} board is closed to {person}", |w| {
        let (board, by) = (known(w[0])?, people::read(w[1])?);
        check(move |seen| {
            let (t, now) = (&seen.state, seen.world.now);
            let closed = boards::draw(t, board, &by, now).is_err();
            holds(closed, "refused", format!("`{}` saw it", by.person))
        })
    }),
];

fn known(name: &str) -> Result<&'static str, String> {
    let names = || boards::KINDS.iter().map(|kind| kind.name);
    names().find(|known| *known == name).ok_or_else(|| {
        let all: Vec<_> = names().collect();
        format!("there is no board `{name}`; boards are: {}", all.join(", "))
    })
}

fn shows(reader: &str, board: &str, text: &str, wanted: bool) -> Read {
    let (by, board, text) = (people::read(reader)?, known(board)?, quoted(text)?);
    check(move |seen| {
        let drawn = lines(seen, board, &by)?;
        let found = drawn.iter().any(|line| line.contains(&text));
        let expected = if wanted { "" } else { "no " };
        let expected = format!("{expected}line with \"{text}\"");
        holds(
            found == wanted,
            expected,
            drawn.join("\n                    "),
        )
    })
}

/// The board's rows, cells divided by a bar, then its notes.
fn lines(seen: &Seen<'_>, board: &str, by: &Actor) -> Result<Vec<String>, Trouble> {
    let drawn = boards::draw(&seen.state, board, by, seen.world.now);
    let drawn =
        drawn.map_err(|refusal| wanting(format!("the {board} board"), refusal.to_string()))?;
    let rows = drawn.rows.iter().map(|row| row.join(" | "));
    Ok(rows.chain(drawn.notes).collect())
}
