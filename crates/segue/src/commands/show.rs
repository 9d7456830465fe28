//! `segue show`: the boards, one per concern of the trade.

use crate::cli::Global;
use crate::context::Context;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered};
use clap::Args;
use segue_domain::boards::{self, Board};
use segue_journal::accounts::Act;
use serde_json::json;
use std::fmt::Write as _;

/// Widest a cell is printed; longer ones run on in the last column only.
const CELL_CHARS_MAX: usize = 60;

/// Options of `segue show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The board; without a name, what boards there are
    board: Option<String>,
}

impl Show {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        let Some(name) = &self.board else {
            return Ok(list());
        };
        let ctx = Context::open(global)?;
        block_on(async {
            let state = Office::open(&ctx.data).await?.state().await?;
            let reader = login::actor(&ctx).await?;
            let board = boards::draw(&state, name, &reader, ctx.now())?;
            if boards::is_restricted(name) {
                let who = (reader.person.as_str(), reader.side);
                let accounts = login::accounts(&ctx).await?;
                let noted = accounts.note(who, Act::ReadPeople, name, ctx.now()).await;
                noted.map_err(login::account_failure)?;
            }
            let text = text(&board);
            Ok(Answer::new(&board, text))
        })
    }
}

fn list() -> Answer {
    let kinds: Vec<_> = boards::KINDS
        .iter()
        .map(|kind| json!({ "name": kind.name, "says": kind.says }))
        .collect();
    let width = boards::KINDS.iter().map(|k| k.name.len()).max();
    let width = width.unwrap_or_default();
    let line = |kind: &boards::Kind| format!("{:width$}  {}\n", kind.name, kind.says);
    let text: String = boards::KINDS.iter().map(line).collect();
    Answer::new(&json!({ "boards": kinds }), text.trim_end())
}

/// Columns side by side, each as wide as its widest cell; empty columns at the end leave no trace.
fn text(board: &Board) -> String {
    let mut text = format!("{}\n", board.title);
    let last = board.columns.len().saturating_sub(1);
    let width = |n: usize| {
        let cells = board.rows.iter().filter_map(|row| row.get(n));
        let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
        let head = board.columns.get(n).map_or(0, |c| c.chars().count());
        widest.min(CELL_CHARS_MAX).max(head)
    };
    let widths: Vec<_> = (0..board.columns.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let mut line = String::new();
        for (n, cell) in cells.into_iter().enumerate() {
            let width = if n == last {
                0
            } else {
                widths.get(n).copied().unwrap_or(0)
            };
            let _ = write!(line, "  {cell:width$}");
        }
        line.trim_end().to_owned()
    };
    if board.rows.is_empty() {
        text.push_str("  Nothing is recorded here yet.\n");
    } else {
        let _ = writeln!(text, "{}", line(board.columns.clone()));
        for row in &board.rows {
            let _ = writeln!(text, "{}", line(row.iter().map(String::as_str).collect()));
        }
    }
    for note in &board.notes {
        let _ = writeln!(text, "{note}");
    }
    text.trim_end().to_owned()
}
