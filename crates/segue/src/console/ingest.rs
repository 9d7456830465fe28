//! A centre's call events on their way into the call facts (`docs/acd-events.md`).
//!
//! The side that reported an event follows from the token, never from what the event says of itself: nobody can vouch for
//! the other side's people. Caller numbers end here as keyed hashes.

use super::Shared;
use super::acts::refusal_view;
use super::cases::CaseTold;
use crate::clock;
use crate::office::chain;
use jiff::Timestamp;
use segue_domain::Side;
use segue_domain::caller::{CallerHash, CallerKey, e164};
use segue_domain::chunks::Chunk;
use segue_domain::compliance::require_records_allowed;
use segue_domain::ids::LineId;
use segue_domain::lines::{Line, kept_apart};
use segue_guard::segments::{AgeBand, Language};
use segue_journal::accounts::{Door, EntryError, TokenScope};
use segue_journal::facts::{AcdEvent, AcdEventKind, CaseNews, FactsError, Stored};
use segue_trials::acd::{AcdEvent as Told, AcdEventKind as ToldKind};
use segue_web::{EventBatch, IngestAnswer, IngestError, QuarantinedRow};
use std::collections::{BTreeMap, BTreeSet};

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
        let (side, place) = self.feeding(&batch.token, now).await?;
        self.require_agreement(now)?;
        let (numbers, routed) = self.known_numbers(None);
        let apart = kept_apart(&self.transition().lines);
        let own = place
            .as_deref()
            .map(|place| self.known_numbers(Some(place)).0);
        let reader = Reader {
            key: &self.key,
            numbers: &numbers,
            apart: &apart,
            routed: &routed,
            own: own.as_ref(),
            site: place.as_deref(),
            side,
            now,
        };
        let (batch_told, mut answer) = reader.read(&batch.body);
        let failed = |error: FactsError| IngestError::Unavailable {
            message: chain(&error),
        };
        if !batch_told.events.is_empty() {
            let stored = self.facts.store_acd_events(&batch_told.events).await;
            count(&mut answer, stored.map_err(failed)?);
        }
        if !batch_told.cases.is_empty() {
            let (news, strangers) = self
                .without_strangers(batch_told.cases, side)
                .await
                .map_err(failed)?;
            for (line, reason) in strangers {
                set_aside(&mut answer, line, reason);
            }
            let stored = self.facts.store_case_news(&news).await;
            count(&mut answer, stored.map_err(failed)?);
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

    /// Numbers that are lines and not people's, of every site or of one; and those of them that Segue decides on.
    fn known_numbers(&self, site: Option<&str>) -> (BTreeSet<String>, BTreeSet<String>) {
        let t = self.transition();
        let of_site = |l: &&Line| site.is_none_or(|site| l.site.as_str() == site);
        let lines: Vec<_> = t.lines.iter().filter(of_site).collect();
        let ways = lines.iter().flat_map(|line| &line.routes);
        let routed: BTreeSet<_> = ways.map(|route| route.dialled.clone()).collect();
        let numbers = lines.iter().map(|line| line.number.clone());
        (routed.iter().cloned().chain(numbers).collect(), routed)
    }
}

/// Turns rows into facts.
pub(super) struct Reader<'a> {
    pub(super) key: &'a CallerKey,
    pub(super) numbers: &'a BTreeSet<String>,
    /// Those of lines whose callers are kept apart.
    pub(super) apart: &'a BTreeMap<String, LineId>,
    /// Those of the numbers that Segue decides on.
    pub(super) routed: &'a BTreeSet<String>,
    /// The numbers of the one site whose token this is.
    pub(super) own: Option<&'a BTreeSet<String>>,
    /// That site.
    pub(super) site: Option<&'a str>,
    pub(super) side: Side,
    pub(super) now: Timestamp,
}

/// What a batch tells, by kind.
#[derive(Default)]
pub(super) struct ToldBatch {
    pub(super) events: Vec<AcdEvent>,
    /// With their lines.
    pub(super) cases: Vec<(u64, CaseNews)>,
}

impl Reader<'_> {
    /// What a batch tells, and its reconciliation so far: what is not quarantined is still to be stored.
    pub(super) fn read(&self, body: &[u8]) -> (ToldBatch, IngestAnswer) {
        let mut told = ToldBatch::default();
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
            let line = index as u64 + 1;
            let taken = if told.events.len() + told.cases.len() < BATCH_EVENTS_MAX {
                self.take(line, row, &mut told)
            } else {
                Err(format!(
                    "a batch holds at most {BATCH_EVENTS_MAX} events; send the rest as the next one"
                ))
            };
            if let Err(reason) = taken {
                set_aside(&mut answer, line, reason);
            }
        }
        (told, answer)
    }

    fn take(&self, line: u64, row: &[u8], told: &mut ToldBatch) -> Result<(), String> {
        match serde_json::from_slice::<Told>(row) {
            Ok(event) => told.events.push(self.event(event)?),
            // Rare beside the events of calls, so that only they pay for being read twice.
            Err(error) => match serde_json::from_slice::<CaseTold>(row) {
                Ok(case) => told.cases.push((line, case.news(self)?)),
                // The parser's words say where, not what: they never repeat a value of the row.
                Err(_) => {
                    return Err(format!(
                        "not an event at column {}; see docs/acd-events.md",
                        error.column()
                    ));
                }
            },
        }
        Ok(())
    }

    /// A caller of a dialled number.
    pub(super) fn hash(&self, dialled: &str, number: &str) -> CallerHash {
        self.key.of_dialled(self.apart, dialled).hash(number)
    }

    fn event(&self, told: Told) -> Result<AcdEvent, String> {
        let (at, source) = self.heard(told.at_us, &told.centre, &told.source_call_id)?;
        if self.own.is_some_and(|own| !own.contains(&told.dialled)) {
            return Err(
                "dialled is no number of this token's site; send it with the other site's token"
                    .to_owned(),
            );
        }
        Ok(AcdEvent {
            source,
            source_call_id: self.own_id(&told.source_call_id),
            kind: kind(told.kind),
            at,
            call_id: told.segue_call.filter(|id| is_ours(id)),
            caller: told
                .caller
                .as_deref()
                .and_then(e164)
                .map(|number| self.hash(&told.dialled, &number)),
            dialled: Some(told.dialled).filter(|dialled| self.numbers.contains(dialled)),
            // Never as it was sent: a group, or nothing.
            language: told
                .language
                .as_deref()
                .and_then(Language::read)
                .map(|language| language.name().to_owned()),
            age_band: told
                .age_band
                .as_deref()
                .and_then(AgeBand::read)
                .map(|age| age.name().to_owned()),
        })
    }

    /// When it was, and which feed told it; what each row has to keep to.
    pub(super) fn heard(
        &self,
        at_us: i64,
        centre: &str,
        id: &str,
    ) -> Result<(Timestamp, String), String> {
        let at =
            Timestamp::from_microsecond(at_us).map_err(|_| "at_us is no instant".to_owned())?;
        if at.as_second() > self.now.as_second() + AHEAD_S_MAX {
            return Err(format!(
                "at_us is more than {AHEAD_S_MAX} s ahead; set the centre's clock"
            ));
        }
        if !segue_domain::ids::is_usable(centre) || may_hold_number(centre) {
            return Err(
                "centre is no plain name of 1 to 64 letters, digits, `.`, `_`, `-`, `/`".to_owned(),
            );
        }
        if !(1..=SOURCE_CALL_ID_BYTES_MAX).contains(&id.len()) {
            return Err(format!(
                "the centre's own id has 1 to {SOURCE_CALL_ID_BYTES_MAX} bytes"
            ));
        }
        let prefix = match self.side {
            Side::Client => IN_HOUSE,
            Side::Outsourcer => OUTSOURCED,
        };
        // No name of a centre holds an `@`: what one site's token tells is never taken for another site's.
        let site = self.site.map_or(String::new(), |site| format!("@{site}"));
        Ok((at, format!("{prefix}{centre}{site}")))
    }

    /// The centre's id, or its hash where it may hold somebody's number.
    pub(super) fn own_id(&self, id: &str) -> String {
        if may_hold_number(id) {
            format!("h-{}", self.key.hash(id))
        } else {
            id.to_owned()
        }
    }
}

fn set_aside(answer: &mut IngestAnswer, line: u64, reason: String) {
    answer.quarantined += 1;
    if answer.rows.len() < QUARANTINED_ROWS_MAX {
        answer.rows.push(QuarantinedRow { line, reason });
    }
}

fn count(answer: &mut IngestAnswer, stored: Stored) {
    answer.accepted += stored.accepted;
    answer.duplicates += stored.duplicates;
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
