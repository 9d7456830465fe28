//! Every phrase a script may use: the one table that reading, help and `docs/scenarios.md` share.

use super::pattern::match_line;
use super::people;
use super::steps::{Act, Change, Check, Deed, Given, Step};
use super::words::{
    chunk, code, date, instant, leg, number, one_of, quoted, rung, span, state, utc, verdict,
};

/// What a line starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Given,
    When,
    Then,
}

impl Keyword {
    /// As written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Given => "Given",
            Self::When => "When",
            Self::Then => "Then",
        }
    }
}

type Read = fn(&[&str]) -> Result<Step, String>;

const PHRASES: &[(Keyword, &str, Read)] = &[
    (Keyword::Given, "the Riverside fixture", |_| {
        Ok(Step::Given(Given::Fixture))
    }),
    (Keyword::Given, "an account manager", |_| {
        Ok(Step::Given(Given::AccountManager))
    }),
    (Keyword::Given, "{n} of 11 discovery items open", |w| {
        Ok(Step::Given(Given::DiscoveryOpen {
            open: number(w[0])?,
        }))
    }),
    (Keyword::Given, "discovery signed by both", |_| {
        Ok(Step::Given(Given::Discovered))
    }),
    (Keyword::Given, "the plan at version {n}", |w| {
        Ok(Step::Given(Given::PlanAtVersion(number(w[0])?)))
    }),
    (Keyword::Given, "the plan agreed by both", |_| {
        Ok(Step::Given(Given::PlanAgreed))
    }),
    (
        Keyword::Given,
        "the plan agreed by both, {chunk} in steps of {n}, {n} and {n} %",
        |w| {
            let shares = vec![number(w[1])?, number(w[2])?, number(w[3])?];
            Ok(Step::Given(Given::RampAgreed {
                chunk: chunk(w[0])?,
                shares,
            }))
        },
    ),
    (Keyword::Given, "{chunk} ready", |w| {
        Ok(Step::Given(Given::Ready(chunk(w[0])?)))
    }),
    (Keyword::Given, "{chunk} live at {n} %", |w| {
        Ok(Step::Given(Given::Live {
            chunk: chunk(w[0])?,
            percent: number(w[1])?,
        }))
    }),
    (Keyword::Given, "{chunk} accepted", |w| {
        Ok(Step::Given(Given::Accepted(chunk(w[0])?)))
    }),
    (Keyword::Given, "{chunk} closed", |w| {
        Ok(Step::Given(Given::Closed(chunk(w[0])?)))
    }),
    (Keyword::When, "it is {date} {time} {zone}", |w| {
        Ok(Step::When(Act::Clock(instant(w[0], w[1], w[2])?)))
    }),
    (Keyword::When, "{n} {days|hours|minutes} pass", |w| {
        Ok(Step::When(Act::Pass(span(w[0], w[1])?)))
    }),
    (
        Keyword::When,
        "the window {\"window\"} in {zone} begins on {date}",
        |w| {
            Ok(Step::When(Act::Window {
                window: quoted(w[0])?,
                zone: w[1].to_owned(),
                on: date(w[2])?,
            }))
        },
    ),
    (Keyword::When, "the same command is sent again", |_| {
        Ok(Step::When(Act::SentAgain))
    }),
    (Keyword::When, "both directors approve the step", |_| {
        Ok(Step::When(Act::BothApprove))
    }),
    (
        Keyword::When,
        "every leg and test cell of {chunk} is proved",
        |w| Ok(Step::When(Act::Proved(chunk(w[0])?))),
    ),
    (
        Keyword::When,
        "{person} creates the transition with {type} ranked as {rung}",
        |w| {
            by(
                w[0],
                Deed::CreateRanked {
                    call_type: w[1].to_owned(),
                    rung: rung(w[2])?,
                },
            )
        },
    ),
    (
        Keyword::When,
        "{person} names {account} account manager",
        |w| by(w[0], Deed::NameAccountManager(w[1].to_owned())),
    ),
    (Keyword::When, "{person} removes the account manager", |w| {
        by(w[0], Deed::RemoveAccountManager)
    }),
    (Keyword::When, "{person} opens discovery", |w| {
        by(w[0], Deed::OpenDiscovery)
    }),
    (Keyword::When, "{person} completes {\"item\"}", |w| {
        by(w[0], Deed::CompleteItem(quoted(w[1])?))
    }),
    (Keyword::When, "{person} signs discovery", |w| {
        by(w[0], Deed::SignDiscovery)
    }),
    (Keyword::When, "{person} proposes the plan", |w| {
        by(w[0], Deed::ProposePlan(Vec::new()))
    }),
    (
        Keyword::When,
        "{person} proposes the plan with {chunk} from {date} and {chunk} from {date}",
        |w| {
            let begins = |c, on| {
                Ok::<_, String>(Change::Begins {
                    chunk: chunk(c)?,
                    on: date(on)?,
                })
            };
            by(
                w[0],
                Deed::ProposePlan(vec![begins(w[1], w[2])?, begins(w[3], w[4])?]),
            )
        },
    ),
    (
        Keyword::When,
        "{person} proposes the plan with step {n} of {chunk} on {date}",
        |w| {
            let change = Change::StepOn {
                chunk: chunk(w[2])?,
                step: number(w[1])?,
                on: date(w[3])?,
            };
            by(w[0], Deed::ProposePlan(vec![change]))
        },
    ),
    (
        Keyword::When,
        "{person} proposes the plan with {chunk} twice, at {n} % and {n} %",
        |w| {
            let change = Change::Twins {
                chunk: chunk(w[1])?,
                shares: (number(w[2])?, number(w[3])?),
            };
            by(w[0], Deed::ProposePlan(vec![change]))
        },
    ),
    (
        Keyword::When,
        "{person} proposes the plan with {chunk} in windows {\"window\"} and {\"window\"}",
        |w| {
            let change = Change::Windows {
                chunk: chunk(w[1])?,
                windows: (quoted(w[2])?, quoted(w[3])?),
            };
            by(w[0], Deed::ProposePlan(vec![change]))
        },
    ),
    (Keyword::When, "{person} signs version {n}", |w| {
        by(w[0], Deed::SignPlan(number(w[1])?))
    }),
    (
        Keyword::When,
        "{person} records {leg} of {chunk} as {green|red}",
        |w| {
            let (leg, chunk, passed) = (leg(w[1])?, chunk(w[2])?, one_of(w[3], "green", "red")?);
            by(w[0], Deed::Evidence { leg, chunk, passed })
        },
    ),
    (
        Keyword::When,
        "{person} records a test call of {chunk} for {\"cell\"} as {passed|failed}",
        |w| {
            let (chunk, cell, passed) = (
                chunk(w[1])?,
                quoted(w[2])?,
                one_of(w[3], "passed", "failed")?,
            );
            by(
                w[0],
                Deed::TestCall {
                    cell,
                    chunk,
                    passed,
                },
            )
        },
    ),
    (Keyword::When, "{person} signs the gate of {chunk}", |w| {
        by(w[0], Deed::SignGate(chunk(w[1])?))
    }),
    (
        Keyword::When,
        "{person} proposes a step of {chunk} to {share}",
        |w| {
            by(
                w[0],
                Deed::ProposeStep {
                    chunk: chunk(w[1])?,
                    share: w[2].to_owned(),
                },
            )
        },
    ),
    (Keyword::When, "{person} approves the step", |w| {
        by(w[0], Deed::ApproveStep)
    }),
    (Keyword::When, "{person} lowers {chunk} to {share}", |w| {
        by(
            w[0],
            Deed::Lower {
                chunk: chunk(w[1])?,
                share: w[2].to_owned(),
            },
        )
    }),
    (
        Keyword::When,
        "{person} brings {all|SITE|CHUNK} home",
        |w| {
            by(
                w[0],
                Deed::FallBack {
                    scope: w[1].to_owned(),
                },
            )
        },
    ),
    (
        Keyword::When,
        "{person} verifies the return with {\"proof\"}",
        |w| by(w[0], Deed::VerifyReturn(quoted(w[1])?)),
    ),
    (
        Keyword::When,
        "{person} writes the incident note {\"reference\"}",
        |w| {
            by(
                w[0],
                Deed::IncidentNote {
                    reference: quoted(w[1])?,
                    telephony_only: false,
                },
            )
        },
    ),
    (
        Keyword::When,
        "{person} writes the incident note {\"reference\"}, telephony only",
        |w| {
            by(
                w[0],
                Deed::IncidentNote {
                    reference: quoted(w[1])?,
                    telephony_only: true,
                },
            )
        },
    ),
    (
        Keyword::When,
        "{person} proposes acceptance of {chunk}: {n} of {n} in time, {pass|not proved|worse|no data}",
        |w| {
            let (chunk, within, offered, verdict) =
                (chunk(w[1])?, number(w[2])?, number(w[3])?, verdict(w[4])?);
            by(
                w[0],
                Deed::ProposeAcceptance {
                    chunk,
                    within,
                    offered,
                    verdict,
                },
            )
        },
    ),
    (Keyword::When, "{person} accepts {chunk}", |w| {
        by(w[0], Deed::SignAcceptance(chunk(w[1])?))
    }),
    (Keyword::When, "{person} closes the door of {chunk}", |w| {
        by(w[0], Deed::SignClosure(chunk(w[1])?))
    }),
    (Keyword::Then, "accepted", |_| {
        Ok(Step::Then(Check::Accepted))
    }),
    (Keyword::Then, "nothing new is recorded", |_| {
        Ok(Step::Then(Check::NothingNew))
    }),
    (Keyword::Then, "refused {CODE}", |w| {
        Ok(Step::Then(Check::Refused(code(w[0])?)))
    }),
    (Keyword::Then, "refused {CODE}, says {\"text\"}", |w| {
        Ok(Step::Then(Check::RefusedSays(code(w[0])?, quoted(w[1])?)))
    }),
    (Keyword::Then, "it says {\"text\"}", |w| {
        Ok(Step::Then(Check::Says(quoted(w[0])?)))
    }),
    (Keyword::Then, "it names {n} missing", |w| {
        Ok(Step::Then(Check::Missing(number(w[0])?)))
    }),
    (Keyword::Then, "{chunk} is home", |w| {
        Ok(Step::Then(Check::ChunkHome(chunk(w[0])?)))
    }),
    (Keyword::Then, "{chunk} is {state} at {n} %", |w| {
        Ok(Step::Then(Check::ChunkAt {
            chunk: chunk(w[0])?,
            state: state(w[1])?,
            percent: number(w[2])?,
        }))
    }),
    (Keyword::Then, "{chunk} is {state}", |w| {
        Ok(Step::Then(Check::ChunkIs {
            chunk: chunk(w[0])?,
            state: state(w[1])?,
        }))
    }),
    (Keyword::Then, "the journal holds a refused attempt", |_| {
        facts("command_refused", 1)
    }),
    (
        Keyword::Then,
        "the journal holds {n} refused attempts",
        |w| facts("command_refused", number(w[0])?),
    ),
    (Keyword::Then, "there is one incident", |_| {
        facts("fell_back", 1)
    }),
    (Keyword::Then, "there are {n} incidents", |w| {
        facts("fell_back", number(w[0])?)
    }),
    (Keyword::Then, "the journal holds {n} {fact}", |w| {
        facts(w[1], number(w[0])?)
    }),
    (Keyword::Then, "two signatures, no agreement", |_| {
        Ok(Step::Then(Check::ScheduleStands(
            "two signatures, no agreement".into(),
        )))
    }),
    (Keyword::Then, "the schedule says {\"text\"}", |w| {
        Ok(Step::Then(Check::ScheduleStands(quoted(w[0])?)))
    }),
    (
        Keyword::Then,
        "the diff from version {n} to version {n} shows {n} change, {\"text\"}",
        |w| diff(w, Some(quoted(w[3])?)),
    ),
    (
        Keyword::Then,
        "the diff from version {n} to version {n} shows {n} changes",
        |w| diff(w, None),
    ),
    (Keyword::Then, "the phase is {phase}", |w| {
        Ok(Step::Then(Check::Phase(w[0].to_owned())))
    }),
    (Keyword::Then, "the window lasts {n} h", |w| {
        Ok(Step::Then(Check::WindowLasts(w[0].to_owned())))
    }),
    (Keyword::Then, "the window starts at {instant}", |w| {
        Ok(Step::Then(Check::WindowStarts(utc(w[0])?)))
    }),
    (Keyword::Then, "the window ends at {instant}", |w| {
        Ok(Step::Then(Check::WindowEnds(utc(w[0])?)))
    }),
    (Keyword::Then, "the window warns {\"text\"}", |w| {
        Ok(Step::Then(Check::WindowWarns(quoted(w[0])?)))
    }),
    (Keyword::Then, "a call at {instant} is inside once", |w| {
        Ok(Step::Then(Check::WindowHoldsOnce(utc(w[0])?)))
    }),
    (Keyword::Then, "the journal verifies", |_| {
        Ok(Step::Then(Check::Verifies))
    }),
    (
        Keyword::Then,
        "replaying the journal gives the same state",
        |_| Ok(Step::Then(Check::ReplaysTheSame)),
    ),
];

/// Every phrase with its keyword, for help and documents.
pub fn list() -> impl Iterator<Item = String> {
    PHRASES
        .iter()
        .map(|(keyword, pattern, _)| format!("{} {pattern}", keyword.as_str()))
}

/// Reads a line under its keyword. `Given` also takes what `When` takes.
pub(crate) fn read(keyword: Keyword, text: &str) -> Result<Step, String> {
    let fits = |own: Keyword| own == keyword || (keyword == Keyword::Given && own == Keyword::When);
    let mut why = None;
    for (_, pattern, read) in PHRASES.iter().filter(|(own, ..)| fits(*own)) {
        if let Some(words) = match_line(pattern, text) {
            match read(&words) {
                Ok(step) => return Ok(step),
                Err(error) => why = why.or(Some(error)),
            }
        }
    }
    Err(why.unwrap_or_else(|| {
        let known: Vec<_> = PHRASES
            .iter()
            .filter(|(own, ..)| fits(*own))
            .map(|(_, p, _)| format!("  {p}"))
            .collect();
        format!(
            "`{text}` is not understood after `{}`; understood are:\n{}",
            keyword.as_str(),
            known.join("\n")
        )
    }))
}

fn by(person: &str, deed: Deed) -> Result<Step, String> {
    Ok(Step::When(Act::By(people::read(person)?, deed)))
}

fn facts(kind: &str, count: usize) -> Result<Step, String> {
    if !segue_domain::Event::NAMES.contains(&kind) {
        return Err(format!(
            "`{kind}` is no fact; facts are: {}",
            segue_domain::Event::NAMES.join(", ")
        ));
    }
    Ok(Step::Then(Check::Facts {
        kind: kind.to_owned(),
        count,
    }))
}

fn diff(w: &[&str], says: Option<String>) -> Result<Step, String> {
    Ok(Step::Then(Check::Diff {
        from: number(w[0])?,
        to: number(w[1])?,
        changes: number(w[2])?,
        says,
    }))
}
