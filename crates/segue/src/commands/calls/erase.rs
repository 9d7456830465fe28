//! `segue calls erase`: records of one caller, or of days past retention, ordered in the journal and carried out here.

use super::failure;
use crate::context::Context;
use crate::login;
use crate::office::{Office, block_on, open_facts, unavailable};
use crate::output::{Answer, Answered, Failure};
use clap::{ArgGroup, Args};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use segue_calls::erase::{Erasing, What, begin};
use segue_calls::store::CallStore;
use segue_domain::caller::{CallerHash, CallerKey, e164};
use segue_domain::compliance::erasure::{Erased, OrderErasure};
use segue_domain::ids::LineId;
use segue_domain::{Command, Transition, decide};
use segue_journal::facts::{FactsError, Pruned};
use serde::Serialize;
use std::io::Read;

/// A telephone number is no longer.
const NUMBER_BYTES_MAX: u64 = 100;

/// Options of `segue calls erase`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["caller", "hash", "before"])))]
pub struct Erase {
    /// Every record of the caller whose number stands on standard input, where no list of processes shows it
    #[arg(long)]
    caller: bool,
    /// Every record of the caller with this hash, as `explain` and the store show it
    #[arg(long, value_name = "HEX")]
    hash: Option<CallerHash>,
    /// Every record of local days before this one
    #[arg(long, value_name = "DATE")]
    before: Option<Date>,
    /// Why; it stands in the journal, so it names nobody
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What is asked for.
enum Asked {
    Number(String),
    Hash(CallerHash),
    Before(Date),
}

/// The answer.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    erased: segue_calls::erase::Erased,
    /// Rows of routing decisions, centres' messages and calls, and cases.
    call_facts: u64,
}

/// Of all stores together.
fn total(all: impl Iterator<Item = segue_calls::erase::Erased>) -> segue_calls::erase::Erased {
    all.fold(segue_calls::erase::Erased::default(), |sum, one| {
        segue_calls::erase::Erased {
            records: sum.records + one.records,
            files: sum.files + one.files,
            table_rows: sum.table_rows + one.table_rows,
        }
    })
}

/// Call facts have no local day: theirs begins at midnight UTC.
fn start_of(day: Date) -> Result<Timestamp, Failure> {
    let start = day.to_zoned(TimeZone::UTC);
    let start =
        start.map_err(|e| Failure::BadInput(format!("{day} is no day of a calendar ({e})")))?;
    Ok(start.timestamp())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn lost(error: FactsError) -> Failure {
    unavailable(&error)
}

impl Erase {
    pub(super) fn run(&self, ctx: &Context) -> Answered {
        let asked = self.asked()?;
        block_on(self.carried_out(ctx, asked))
    }

    /// Who acts comes first, then the order, then the erasure: whoever may not order it does not learn either what is here.
    async fn carried_out(&self, ctx: &Context, asked: Asked) -> Answered {
        let actor = login::actor(ctx).await?;
        let office = Office::open(&ctx.data).await?;
        let state = office.state().await?;
        let key = ctx.data.caller_key()?;
        let what = asked.what(&key);
        let places = asked.places(&key, &state, ctx)?;
        // Refused before anything is looked for; of days the number is not known yet.
        decide(&state, &self.order(what, 1), &actor, ctx.now())?;
        let facts = open_facts(&ctx.data).await?;
        // No import may come in between the order and its carrying out.
        let begun = places
            .iter()
            .map(|(store, key, what)| begin(store, key, *what));
        let erasing = begun.collect::<Result<Vec<_>, _>>().map_err(failure)?;
        let found = total(erasing.iter().map(Erasing::found));
        let old = match what {
            What::Before(day) => facts.count_before(start_of(day)?).await.map_err(lost)?,
            What::Caller(_) => Pruned::default(),
        };
        let all = found.records + found.table_rows + old.rows();
        // An order about one caller stands whether there is something or not: its being there tells nothing then.
        if all > 0 || matches!(what, What::Caller(_)) {
            let order = self.order(what, all);
            office.execute_as(ctx, &actor, None, order).await?;
        }
        // Ordered: cut off from here on, the same command finds what is left. Rows that an import had read before it was cut off go
        // whatever is found.
        let mut call_facts = 0;
        if let What::Before(day) = what {
            let gone = facts.erase_before(start_of(day)?).await;
            call_facts += gone.map_err(lost)?.rows();
        }
        for caller in asked.callers(&key, &state) {
            let gone = facts.erase_caller(caller).await;
            call_facts += gone.map_err(lost)?.rows();
        }
        let carried_out = erasing.into_iter().map(|one| one.carry_out(ctx.now()));
        let erased = carried_out
            .collect::<Result<Vec<_>, _>>()
            .map_err(failure)?;
        let erased = total(erased.into_iter());
        let text = if erased.records + erased.table_rows + call_facts == 0 {
            "No record of it is here.".to_owned()
        } else {
            format!(
                "{} records in {} files, {} rows of other tables, and {call_facts} rows of routing decisions, centres' messages and \
                 cases are erased. Exports they came from, and copies elsewhere, are not Segue's to erase.",
                erased.records, erased.files, erased.table_rows
            )
        };
        let told = Told { erased, call_facts };
        Ok(Answer::new(&told, text))
    }

    /// The order; of one caller it says no number.
    fn order(&self, what: What, records: u64) -> Command {
        let (erased, records) = match what {
            What::Caller(_) => (Erased::OneCaller, None),
            What::Before(day) => (Erased::DaysBefore { day }, Some(records)),
        };
        Command::from(OrderErasure {
            erased,
            records,
            reason: self.reason.clone(),
        })
    }

    fn asked(&self) -> Result<Asked, Failure> {
        if let Some(hash) = self.hash {
            return Ok(Asked::Hash(hash));
        }
        if let Some(day) = self.before {
            return Ok(Asked::Before(day));
        }
        let mut text = String::new();
        let read = std::io::stdin()
            .take(NUMBER_BYTES_MAX)
            .read_to_string(&mut text);
        read.map_err(|e| Failure::BadInput(format!("standard input cannot be read ({e})")))?;
        let number = e164(&text).ok_or_else(|| {
            Failure::BadInput(
                "standard input holds no telephone number; write it there as +16095550110".into(),
            )
        })?;
        Ok(Asked::Number(number))
    }
}

impl Asked {
    fn what(&self, key: &CallerKey) -> What {
        match self {
            Self::Number(number) => What::Caller(key.hash(number)),
            Self::Hash(hash) => What::Caller(*hash),
            Self::Before(day) => What::Before(*day),
        }
    }

    /// Every store of records: of all lines together, and of each whose callers are kept apart, with the key of its callers.
    fn places(
        &self,
        key: &CallerKey,
        t: &Transition,
        ctx: &Context,
    ) -> Result<Vec<(CallStore, CallerKey, What)>, Failure> {
        let apart = t.lines.iter().filter(|line| line.part2);
        let lines = std::iter::once(None).chain(apart.map(|line| Some(&line.id)));
        let place = |line: Option<&LineId>| {
            let key = line.map_or_else(|| key.clone(), |line| key.of_line(line));
            let what = self.what(&key);
            Ok((ctx.data.calls(line)?, key, what))
        };
        lines.map(place).collect()
    }

    /// The caller under each key there is: lines whose callers are kept apart have their own.
    fn callers(&self, key: &CallerKey, t: &Transition) -> Vec<CallerHash> {
        match self {
            Self::Before(_) => Vec::new(),
            Self::Hash(hash) => vec![*hash],
            Self::Number(number) => {
                let apart = t.lines.iter().filter(|line| line.part2);
                let apart = apart.map(|line| key.of_line(&line.id).hash(number));
                std::iter::once(key.hash(number)).chain(apart).collect()
            }
        }
    }
}
