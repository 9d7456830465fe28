//! What should be so, compared with what is.

use super::steps::Check;
use super::world::{Done, Outcome, Trouble, World, wanting};
use jiff::Span;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use segue_domain::Code;
use segue_domain::ids::ChunkId;
use segue_domain::windows::{Occurrence, WeeklyWindow, hour_text};

impl World {
    /// Compares; the error says what was expected and what came.
    pub(crate) async fn check(&self, check: &Check) -> Done {
        match check {
            Check::Accepted
            | Check::NothingNew
            | Check::Refused(_)
            | Check::RefusedSays(..)
            | Check::Says(_)
            | Check::Missing(_) => self.check_outcome(check),
            Check::ChunkIs { chunk, state } => {
                let (is, _) = self.standing(chunk).await?;
                compare(&format!("{chunk} {state}"), &format!("{chunk} {is}"))
            }
            Check::ChunkAt {
                chunk,
                state,
                percent,
            } => {
                let (is, share) = self.standing(chunk).await?;
                compare(
                    &format!("{chunk} {state} at {percent} %"),
                    &format!("{chunk} {is} at {share} %"),
                )
            }
            Check::ChunkHome(chunk) => {
                let (is, share) = self.standing(chunk).await?;
                let out = self.chunk(chunk).await?.is_out();
                holds(
                    share == 0 && !out,
                    &format!("{chunk} at home"),
                    &format!("{is} at {share} %"),
                )
            }
            Check::Facts { kind, count } => {
                let facts = self.facts().await?;
                let found = facts.iter().filter(|fact| fact.name() == kind).count();
                compare(&format!("{count} × {kind}"), &format!("{found} × {kind}"))
            }
            Check::ScheduleStands(says) => {
                let standing = self.state().await?.schedule.standing();
                holds(standing.contains(says), says, &standing)
            }
            Check::Diff {
                from,
                to,
                changes,
                says,
            } => self.check_diff(*from, *to, *changes, says.as_deref()).await,
            Check::Phase(phase) => {
                let is = serde_json::to_value(self.state().await?.phase()).unwrap_or_default();
                compare(phase, is.as_str().unwrap_or_default())
            }
            Check::Verifies => match self.first_bad().await? {
                None => Ok(()),
                Some(bad) => Err(wanting("a journal that verifies", bad)),
            },
            Check::ReplaysTheSame => {
                let same = self.replayed().await? == *self.state().await?;
                holds(same, "the same state from the facts alone", "another state")
            }
            window => self.check_window(window),
        }
    }

    fn check_outcome(&self, check: &Check) -> Done {
        let Some(last) = &self.last else {
            return Err(wanting("a command before this line", "none was sent"));
        };
        let came = came(last);
        match (check, last) {
            (Check::Accepted, Outcome::Accepted(_)) => Ok(()),
            (Check::Accepted, _) => Err(wanting("accepted", came)),
            (Check::NothingNew, Outcome::Accepted(events)) => {
                holds(events.is_empty(), "nothing new", &came)
            }
            (Check::Refused(code), Outcome::Refused(refusal)) if refusal.code == *code => Ok(()),
            (Check::RefusedSays(code, says), Outcome::Refused(refusal))
                if refusal.code == *code =>
            {
                holds(
                    refusal.to_string().contains(says.as_str()),
                    &format!("refused {code}, says \"{says}\""),
                    &came,
                )
            }
            (Check::Says(says), Outcome::Refused(refusal)) => holds(
                refusal.to_string().contains(says.as_str()),
                &format!("it says \"{says}\""),
                &came,
            ),
            (Check::Missing(count), Outcome::Refused(refusal)) => compare(
                &format!("{count} missing"),
                &format!("{} missing", refusal.missing.len()),
            ),
            (Check::Refused(code) | Check::RefusedSays(code, _), _) => {
                Err(refused_wanting(*code, came))
            }
            _ => Err(wanting("a refusal", came)),
        }
    }

    async fn standing(&self, id: &ChunkId) -> Result<(&'static str, u8), Trouble> {
        let chunk = self.chunk(id).await?;
        Ok((chunk.state.words(), chunk.share.percent()))
    }

    async fn check_diff(&self, from: u32, to: u32, changes: usize, says: Option<&str>) -> Done {
        let state = self.state().await?;
        let version = |n| {
            state
                .schedule
                .version(n)
                .ok_or_else(|| wanting(format!("a version {n}"), "no such version"))
        };
        let found = version(from)?.diff(version(to)?);
        let came = format!("{} changes: {}", found.len(), found.join("; "));
        holds(found.len() == changes, &format!("{changes} changes"), &came)?;
        let says = says.unwrap_or_default();
        holds(
            found.iter().any(|line| line.contains(says)) || says.is_empty(),
            says,
            &came,
        )
    }

    fn check_window(&self, check: &Check) -> Done {
        let Some((weekly, occurrence)) = &self.window else {
            return Err(wanting("a window before this line", "none was looked at"));
        };
        let warning = occurrence.warning.as_deref().unwrap_or("no warning");
        match check {
            Check::WindowLasts(hours) => compare(
                hours,
                &hour_text(occurrence.end.duration_since(occurrence.start).as_secs()),
            ),
            Check::WindowStarts(at) => compare(&at.to_string(), &occurrence.start.to_string()),
            Check::WindowEnds(at) => compare(&at.to_string(), &occurrence.end.to_string()),
            Check::WindowWarns(says) => holds(warning.contains(says.as_str()), says, warning),
            Check::WindowHoldsOnce(at) => {
                let times = times_inside(weekly, *at);
                compare(
                    "inside once",
                    &if times == 1 {
                        "inside once".into()
                    } else {
                        format!("inside {times} times")
                    },
                )
            }
            _ => Err(wanting("a check of a window", "another check")),
        }
    }
}

/// In how many occurrences around it the instant lies.
fn times_inside(weekly: &WeeklyWindow, at: Timestamp) -> usize {
    let date = at.to_zoned(TimeZone::UTC).date();
    let days = Span::new().days(9);
    let around = date.checked_sub(days).unwrap_or(date)..=date.checked_add(days).unwrap_or(date);
    let inside = |o: &Occurrence| o.start <= at && at < o.end;
    weekly
        .occurrences(*around.start(), *around.end())
        .iter()
        .filter(|o| inside(o))
        .count()
}

/// The outcome in words.
pub(super) fn came(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted(events) if events.is_empty() => "accepted, with nothing new".into(),
        Outcome::Accepted(events) => {
            let names: Vec<_> = events.iter().map(segue_domain::Event::name).collect();
            format!("accepted: {}", names.join(", "))
        }
        Outcome::Refused(refusal) => format!("refused {refusal}"),
    }
}

fn refused_wanting(code: Code, came: String) -> Trouble {
    wanting(format!("refused {code}"), came)
}

fn compare(expected: &str, came: &str) -> Done {
    holds(expected == came, expected, came)
}

fn holds(so: bool, expected: &str, came: &str) -> Done {
    if so {
        Ok(())
    } else {
        Err(wanting(expected, came))
    }
}
