//! A centre's call events on their way into the call facts (`docs/acd-events.md`).
//!
//! The side that reported an event follows from the token, never from what the event says of itself: nobody can vouch for
//! the other side's people. Caller numbers end here as keyed hashes.

use super::Shared;
use super::acts::refusal_view;
use crate::clock;
use crate::office::chain;
use jiff::Timestamp;
use segue_domain::Side;
use segue_domain::caller::{CallerKey, e164};
use segue_domain::chunks::Chunk;
use segue_domain::compliance::require_records_allowed;
use segue_domain::lines::Line;
use segue_journal::accounts::{Door, EntryError, TokenScope};
use segue_journal::facts::{AcdEvent, AcdEventKind};
use segue_trials::acd::{AcdEvent as Told, AcdEventKind as ToldKind};
use segue_web::{EventBatch, IngestAnswer, IngestError, QuarantinedRow};
use std::collections::BTreeSet;

/// What the source of an in-house record starts with.
pub(super) const IN_HOUSE: &str = "in_house/";
/// What the source of an outsourcer's record starts with.
pub(super) const OUTSOURCED: &str = "outsourced/";
/// Events of one batch; later rows are quarantined and come again in a smaller batch.
const BATCH_EVENTS_MAX: usize = 10_000;
/// Quarantined rows named in the answer; all are counted.
const QUARANTINED_ROWS_MAX: usize = 1_000;
/// Longest call id of a centre, in bytes.
const SOURCE_CALL_ID_BYTES_MAX: usize = 256;
/// So many digits in a row may be somebody's number.
const NUMBER_DIGITS_MIN: usize = 7;
/// A centre's clock may be ahead by this much.
const AHEAD_S_MAX: i64 = 300;

impl Shared {
    /// Takes a batch: an answer means that every accepted event is on disk.
    pub(super) async fn ingest(&self, batch: EventBatch) -> Result<IngestAnswer, IngestError> {
        let now = clock::now();
        let (side, site) = self.feeding(&batch.token, now).await?;
        self.require_agreement(now)?;
        let numbers = self.known_numbers(None);
        let own = site.as_deref().map(|site| self.known_numbers(Some(site)));
        let reader = Reader {
            key: &self.key,
            numbers: &numbers,
            own: own.as_ref(),
            side,
            now,
        };
        let (events, mut answer) = reader.read(&batch.body);
        if !events.is_empty() {
            let stored = self.facts.store_acd_events(&events).await;
            let stored = stored.map_err(|error| IngestError::Unavailable {
                message: chain(&error),
            })?;
            (answer.accepted, answer.duplicates) = (stored.accepted, stored.duplicates);
        }
        // A batch without events is a heartbeat: it tells "no calls" from "no feed".
        self.memory().fed_at[usize::from(side == Side::Outsourcer)] = Some(now);
        Ok(answer)
    }

    /// As `segue calls import` asks for it (A1); while calls are out, an agreement that lapsed blinds no guard.
    fn require_agreement(&self, now: Timestamp) -> Result<(), IngestError> {
        let t = self.transition();
        if !t.is_created() || t.chunks.values().any(Chunk::is_out) {
            return Ok(());
        }
        require_records_allowed(&t, now)
            .map_err(|refusal| IngestError::Refused(Box::new(refusal_view(refusal))))
    }

    /// Whose records the token may bring: the side's, and of one site where it is one site's.
    async fn feeding(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<(Side, Option<String>), IngestError> {
        match self
            .people
            .accounts
            .enter_with_token(token.trim(), now)
            .await
        {
            Ok(entry) => match entry.door {
                Door::Token(TokenScope::Ingest | TokenScope::Act) => {
                    Ok((entry.account.side, entry.site))
                }
                _ => Err(IngestError::UnknownToken),
            },
            Err(EntryError::Accounts(error)) => Err(IngestError::Unavailable {
                message: chain(&error),
            }),
            Err(EntryError::Wrong | EntryError::Used | EntryError::Throttled { .. }) => {
                Err(IngestError::UnknownToken)
            }
        }
    }

    /// Numbers that are lines and not people's: of every site, or of one.
    fn known_numbers(&self, site: Option<&str>) -> BTreeSet<String> {
        let t = self.transition();
        let of_site = |l: &&Line| site.is_none_or(|site| l.site.as_str() == site);
        let lines = t.lines.iter().filter(of_site);
        lines
            .flat_map(|l| {
                l.routes
                    .iter()
                    .map(|r| r.dialled.clone())
                    .chain([l.number.clone()])
            })
            .collect()
    }
}

/// Turns rows into facts.
pub(super) struct Reader<'a> {
    pub(super) key: &'a CallerKey,
    pub(super) numbers: &'a BTreeSet<String>,
    /// The numbers of the one site whose token this is.
    pub(super) own: Option<&'a BTreeSet<String>>,
    pub(super) side: Side,
    pub(super) now: Timestamp,
}

impl Reader<'_> {
    /// The events of a batch, and its reconciliation so far: what is not quarantined is still to be stored.
    pub(super) fn read(&self, body: &[u8]) -> (Vec<AcdEvent>, IngestAnswer) {
        let mut events = Vec::new();
        let mut answer = IngestAnswer {
            read: 0,
            accepted: 0,
            duplicates: 0,
            quarantined: 0,
            rows: Vec::new(),
        };
        for (index, row) in body.split(|b| *b == b'\n').enumerate() {
            let row = row.trim_ascii();
            if row.is_empty() {
                continue;
            }
            answer.read += 1;
            let event = if events.len() < BATCH_EVENTS_MAX {
                self.event(row)
            } else {
                Err(format!(
                    "a batch holds at most {BATCH_EVENTS_MAX} events; send the rest as the next one"
                ))
            };
            match event {
                Ok(event) => events.push(event),
                Err(reason) => {
                    answer.quarantined += 1;
                    if answer.rows.len() < QUARANTINED_ROWS_MAX {
                        answer.rows.push(QuarantinedRow {
                            line: index as u64 + 1,
                            reason,
                        });
                    }
                }
            }
        }
        (events, answer)
    }

    fn event(&self, row: &[u8]) -> Result<AcdEvent, String> {
        // The parser's words say where, not what: they never repeat a value of the row.
        let told: Told = serde_json::from_slice(row).map_err(|e| {
            format!(
                "not an event at column {}; see docs/acd-events.md",
                e.column()
            )
        })?;
        let at = Timestamp::from_microsecond(told.at_us)
            .map_err(|_| "at_us is no instant".to_owned())?;
        if at.as_second() > self.now.as_second() + AHEAD_S_MAX {
            return Err(format!(
                "at_us is more than {AHEAD_S_MAX} s ahead; set the centre's clock"
            ));
        }
        if !segue_domain::ids::is_usable(&told.centre) || may_hold_number(&told.centre) {
            return Err(
                "centre is no plain name of 1 to 64 letters, digits, `.`, `_`, `-`, `/`".to_owned(),
            );
        }
        if !(1..=SOURCE_CALL_ID_BYTES_MAX).contains(&told.source_call_id.len()) {
            return Err(format!(
                "source_call_id has 1 to {SOURCE_CALL_ID_BYTES_MAX} bytes"
            ));
        }
        if self.own.is_some_and(|own| !own.contains(&told.dialled)) {
            return Err(
                "dialled is no number of this token's site; send it with the other site's token"
                    .to_owned(),
            );
        }
        let prefix = match self.side {
            Side::Client => IN_HOUSE,
            Side::Outsourcer => OUTSOURCED,
        };
        Ok(AcdEvent {
            source: format!("{prefix}{}", told.centre),
            source_call_id: self.source_call_id(&told.source_call_id),
            kind: kind(told.kind),
            at,
            call_id: told.segue_call.filter(|id| is_ours(id)),
            caller: told
                .caller
                .as_deref()
                .and_then(e164)
                .map(|number| self.key.hash(&number)),
            dialled: Some(told.dialled).filter(|dialled| self.numbers.contains(dialled)),
        })
    }

    /// The centre's id, or its hash where it may hold somebody's number.
    fn source_call_id(&self, id: &str) -> String {
        if may_hold_number(id) {
            format!("h-{}", self.key.hash(id))
        } else {
            id.to_owned()
        }
    }
}

fn kind(kind: ToldKind) -> AcdEventKind {
    match kind {
        ToldKind::Arrived => AcdEventKind::Offered,
        ToldKind::Queued => AcdEventKind::Queued,
        ToldKind::Answered => AcdEventKind::Answered,
        ToldKind::Abandoned => AcdEventKind::Abandoned,
        ToldKind::Ended => AcdEventKind::Ended,
    }
}

/// `X-Segue-Call` as Segue writes it: 32 hexadecimal digits.
fn is_ours(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a text holds as many digits in a row, punctuation aside, as a telephone number.
fn may_hold_number(text: &str) -> bool {
    let mut run = 0;
    for c in text.chars() {
        match c {
            '0'..='9' => run += 1,
            '-' | '.' | ' ' | '(' | ')' | '+' | '/' => {}
            _ => run = 0,
        }
        if run >= NUMBER_DIGITS_MIN {
            return true;
        }
    }
    false
}
