//! The runbook of this transition: made from the journal and the data directory, and written once a day while the
//! service runs, so that paper can be printed on the day everything else is down.

use crate::clock;
use crate::data_dir::DataDir;
use crate::output::Failure;
use jiff::{Timestamp, ToSpan};
use segue_domain::chunks::Chunk;
use segue_domain::lines::Line;
use segue_domain::{Side, Transition};
use segue_web::{Runbook, RunbookChunk, RunbookNumber};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is asked whether today's has been written.
const LOOK: Duration = Duration::from_secs(30);
/// Older ones are removed.
const KEPT: usize = 14;
/// Longest contact file.
const CONTACTS_MAX: usize = 100;
/// Where the client keeps its telephone numbers, one line each.
const CONTACTS: &str = "runbook-contacts.txt";
const FOLDER: &str = "runbook";

/// The data directory from the root on: whoever types it may stand anywhere.
fn absolute(data: &DataDir) -> String {
    let root = data.root();
    let from_root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    from_root.display().to_string()
}

/// The runbook as the transition stands.
pub fn of(t: &Transition, data: &DataDir, pages: Option<String>, now: Timestamp) -> Runbook {
    let good_days = i64::from(t.terms.contingency.runbook_valid_days);
    let good_until = now.checked_add((24 * good_days).hours()).unwrap_or(now);
    let contacts = fs::read_to_string(data.path(CONTACTS)).unwrap_or_default();
    let contacts = contacts
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    Runbook {
        transition: t.name.clone(),
        client: t.parties.name(Side::Client),
        outsourcer: t.parties.name(Side::Outsourcer),
        made_at: now.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        good_until: good_until.strftime("%Y-%m-%d").to_string(),
        position: t.version,
        example: t.example,
        data: absolute(data),
        pages,
        contacts: contacts.take(CONTACTS_MAX).map(str::to_owned).collect(),
        chunks: t
            .chunks
            .values()
            .map(|chunk| section(t, data, chunk, now))
            .collect(),
    }
}

fn section(t: &Transition, data: &DataDir, chunk: &Chunk, now: Timestamp) -> RunbookChunk {
    let id = &chunk.planned.id;
    let plan = t.contingency.plans.get(id).map(|plan| &plan.proposed.plan);
    let lines = chunk.planned.lines.iter().filter_map(|line| t.line(line));
    let roles = plan.map(|plan| {
        let role = |c: &segue_domain::contingency::plan::Contact| {
            let decides = if c.decides { " (decides alone)" } else { "" };
            format!("{}: {}{decides}", t.parties.name(c.side), c.role.words())
        };
        plan.contacts.iter().map(role).collect()
    });
    RunbookChunk {
        id: id.to_string(),
        standing: format!("{}, {} % out", chunk.words(), chunk.share.percent()),
        numbers: lines.map(|line| number(data, chunk, line)).collect(),
        mechanism: plan.map(|p| format!("{}, within {} s", p.mechanism.words(), p.rto_s)),
        roles: roles.unwrap_or_default(),
        steps: plan.map(|p| p.steps.clone()).unwrap_or_default(),
        call_in: plan
            .map(|p| p.call_in.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        overload_message: plan.map(|p| p.overload_message.clone()).unwrap_or_default(),
        drilled: match t.contingency.drills.get(id) {
            Some(drill) => {
                let days = now.duration_since(drill.started_at).as_hours() / 24;
                format!("Last drilled {days} days ago, {} s", drill.first_call_s)
            }
            None => "Never drilled".to_owned(),
        },
    }
}

fn number(data: &DataDir, chunk: &Chunk, line: &Line) -> RunbookNumber {
    let own = line
        .routes
        .iter()
        .filter(|r| r.call_types.contains(&chunk.planned.call_type));
    RunbookNumber {
        number: line.number.clone(),
        line: line.id.to_string(),
        in_house: own
            .map(|r| format!("{} → {}", r.dialled, r.in_house))
            .collect(),
        last_resort: line.last_resort.clone(),
        escalation: line.escalation_numbers.clone(),
        by_hand: by_hand(data, &line.number),
    }
}

/// The way back that was prepared with the last order for a number (`segue route apply`).
fn by_hand(data: &DataDir, number: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Placed {
        ticket: String,
        order: segue_routing::order::Compiled,
    }
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let text = fs::read_to_string(data.path("routes").join(format!("{digits}.json")));
    let placed = text
        .ok()
        .and_then(|text| serde_json::from_str::<Placed>(&text).ok());
    placed.map_or_else(Vec::new, |placed| {
        let order = format!("{}, ticket {}", placed.order.mechanism, placed.ticket);
        std::iter::once(order)
            .chain(placed.order.rollback)
            .collect()
    })
}

/// Writes the runbook of a day, as a whole; where it lies.
pub fn write(runbook: &Runbook, data: &DataDir, now: Timestamp) -> Result<PathBuf, Failure> {
    let html = runbook.to_html().map_err(anyhow::Error::new)?;
    let folder = data.path(FOLDER);
    fs::create_dir_all(&folder).map_err(anyhow::Error::new)?;
    let path = folder.join(format!("runbook-{}.html", now.strftime("%Y-%m-%d")));
    let fresh = path.with_extension("new");
    fs::write(&fresh, html).map_err(anyhow::Error::new)?;
    fs::rename(&fresh, &path).map_err(anyhow::Error::new)?;
    forget_old(&folder);
    Ok(path)
}

/// Paper of last month is worse than none.
fn forget_old(folder: &std::path::Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let files = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|e| e == "html"))
        .collect();
    files.sort();
    for old in files.iter().rev().skip(KEPT) {
        // Whatever cannot be removed now is removed tomorrow.
        let _ = fs::remove_file(old);
    }
}

/// Writes today's until `stop`; again when the day changes.
pub async fn keep(
    state: watch::Receiver<Arc<Transition>>,
    data: DataDir,
    pages: String,
    mut stop: watch::Receiver<bool>,
) {
    let mut written = String::new();
    loop {
        let now = clock::now();
        let today = now.strftime("%Y-%m-%d").to_string();
        let t = Arc::clone(&state.borrow());
        if today != written && !t.chunks.is_empty() {
            match write(&of(&t, &data, Some(pages.clone()), now), &data, now) {
                Ok(path) => {
                    tracing::info!(path = %path.display(), "today's runbook lies ready to be printed");
                    written = today;
                }
                Err(error) => tracing::error!(%error, "today's runbook could not be written"),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fortnight_of_runbooks_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        for day in 1..=20 {
            fs::write(
                directory
                    .path()
                    .join(format!("runbook-2026-11-{day:02}.html")),
                "x",
            )
            .unwrap();
        }
        fs::write(directory.path().join("notes.txt"), "x").unwrap();
        forget_old(directory.path());
        let mut left: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left.len(), KEPT + 1);
        assert_eq!(left[1], "runbook-2026-11-07.html");
    }
}
