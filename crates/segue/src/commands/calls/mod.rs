//! `segue calls …`: import, quarantine, baseline and skew; sniffing, understanding, the report, erasure and publishing have files of their own.

mod discover;
mod erase;
mod publish;
mod report;
mod sniff;

use crate::cli::Global;
use crate::context::Context;
use crate::login;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use segue_calls::apart::Lines;
use segue_calls::baseline::{Baseline, BaselineRequest, BaselineRow, Bound, By, baseline};
use segue_calls::error::CallsError;
use segue_calls::import::{ImportReport, ImportRequest, Progress, Stage, import};
use segue_calls::mapping::CheckedMapping;
use segue_calls::operations::operations;
use segue_calls::skew::{Skew, skew};
use segue_calls::store::{CallStore, QuarantinedRow};
use segue_calls::understanding::Ratio;
use segue_domain::compliance::require_records_allowed;
use segue_domain::ids::LineId;
use segue_domain::lines::kept_apart;
use segue_domain::{Code, Refusal, Side};
use segue_parity::kpi::ServiceLevelFormula;
use segue_parity::tally::Thresholds;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;

/// `segue calls …`
#[derive(Debug, Args)]
pub struct CallsCommand {
    /// The records of a line under 42 CFR Part 2, which lie in a folder of their own with callers that nothing joins to others'
    #[arg(long, value_name = "LINE", global = true)]
    line: Option<String>,
    #[command(subcommand)]
    what: Calls,
}

/// What is to be done with call records.
#[derive(Debug, Subcommand)]
enum Calls {
    /// Which mapping reads a file, with the reasons; where none does, a draft of one
    Sniff(sniff::Sniff),
    /// Read call records; ends with the reconciliation: read = accepted + duplicates + test + quarantined + erased
    Import(Import),
    /// The rows set aside, with file, line and reason
    Quarantine(Quarantine),
    /// The KPIs of the imported calls
    Baseline(BaselineOptions),
    /// How far the clock of one source is ahead of another's, from the calls that both saw
    Skew(SkewOptions),
    /// What the history tells: callers, patience, the week, the ways calls go, groups that differ, and what it cannot show
    Discover(discover::Discover),
    /// What the tables beside the calls come to: callback compliance, dispositions, occupancy, gaps on call
    Operations,
    /// Discovery on paper: what was found out and what the history tells, as one HTML document
    Report(report::Report),
    /// Erase the records of one caller, or of days past retention; the order stands in the journal, the caller does not
    Erase(erase::Erase),
    /// Publish the records to an object store, sealed as they lie here: what is new is put, what was erased here is deleted there
    Publish(publish::Publish),
    /// Fetch what was published into this data directory, which holds no records yet: a new machine, or a disk that was lost
    Fetch(publish::Fetch),
}

/// Options of `segue calls import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The exports; all of them are imported or none
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Mapping file, or a shipped mapping (`segue calls sniff FILE` finds it)
    #[arg(long, value_name = "M")]
    mapping: String,
    /// The centre's time zone, where it is not the mapping's: America/Chicago
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// The system the files come from (a–z, 0–9, - and _); call ids are unique within it
    #[arg(long, value_name = "NAME")]
    source: String,
}

/// Options of `segue calls quarantine`.
#[derive(Debug, Args)]
pub struct Quarantine {
    /// The most rows to list; the total is printed in any case
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    rows_max: usize,
}

/// Options of `segue calls baseline`.
#[derive(Debug, Args)]
pub struct BaselineOptions {
    /// What to group by
    #[arg(long, value_enum, default_value = "all")]
    by: Group,
    /// Service-level formula, such as `SL_ABANDON_NEGATIVE`
    #[arg(long, value_name = "NAME", default_value = "SL_ABANDON_NEGATIVE")]
    formula: ServiceLevelFormula,
    /// T: a call answered after at most this wait is within the service level
    #[arg(long, value_name = "S", default_value_t = 20)]
    threshold_s: u32,
    /// S: a caller who leaves before this wait is a short abandon
    #[arg(long, value_name = "S", default_value_t = 5)]
    short_abandon_s: u32,
    /// First offered time that counts: 2026-03-01, 2026-03-01T08:00 (local) or an instant
    #[arg(long, value_name = "TIME")]
    from: Option<Bound>,
    /// First offered time that counts no more
    #[arg(long, value_name = "TIME")]
    to: Option<Bound>,
    /// One source only
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
}

/// Options of `segue calls skew`.
#[derive(Debug, Args)]
pub struct SkewOptions {
    /// The source that hands calls over; its mapping names `transfer_to`
    #[arg(long, value_name = "NAME")]
    here: String,
    /// The source that receives them
    #[arg(long, value_name = "NAME")]
    there: String,
}

/// The groupings.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Group {
    /// All calls in one row
    All,
    /// Call type
    Type,
    /// Hour of the day, local
    Hour,
    /// Weekday, local
    Weekday,
    /// Line reached
    Line,
    /// Group of callers
    Segment,
}

impl CallsCommand {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        let line = self.line.as_deref().map(LineId::from);
        let line = line.as_ref();
        if let Some(line) = line {
            require_kept_apart(&ctx, line)?;
        }
        let store = ctx.data.calls(line)?;
        let shows_no_counts = matches!(self.what, Calls::Import(_) | Calls::Sniff(_));
        if !shows_no_counts && !matches!(self.what, Calls::Report(_) | Calls::Erase(_)) {
            require_client(&ctx)?;
        }
        match &self.what {
            Calls::Import(options) => options.run(&ctx, &store, line),
            Calls::Quarantine(options) => options.run(&store),
            Calls::Baseline(options) => options.run(&store),
            Calls::Skew(options) => options.run(&store),
            Calls::Sniff(options) => options.run(),
            Calls::Discover(options) => options.run(&ctx, &store),
            Calls::Report(options) => options.run(&ctx, &store),
            Calls::Erase(options) => options.run(&ctx),
            Calls::Publish(options) => options.run(&ctx, &store, line),
            Calls::Fetch(options) => options.run(&ctx, &store, line),
            Calls::Operations => operations_answer(&ctx, &store),
        }
    }
}

fn operations_answer(ctx: &Context, store: &CallStore) -> Answered {
    let found = operations(store, ctx.now()).map_err(failure)?;
    let percent = |ratio: Ratio| {
        let value = ratio.value();
        value.map_or_else(|| "–".into(), |share| format!("{:.1} %", share * 100.0))
    };
    let promises = &found.callbacks.all;
    let mut text = format!(
        "Callbacks on time {} ({} kept, {} late, {} never made; {} not due yet)\nOccupancy {}",
        percent(promises.compliance),
        promises.kept,
        promises.late,
        promises.unmade,
        promises.not_due,
        percent(found.occupancy)
    );
    for one in &found.dispositions {
        let _ = write!(text, "\n  {} {}", percent(one.share), one.disposition);
    }
    for gap in &found.duty_gaps {
        let _ = write!(
            text,
            "\nNobody on call for {} from {} to {}",
            gap.service, gap.from, gap.to
        );
    }
    Ok(Answer::new(&found, text))
}

fn require_kept_apart(ctx: &Context, line: &LineId) -> Result<(), Failure> {
    let t = block_on(async { Office::open(&ctx.data).await?.state().await })?;
    let apart: Vec<_> = t
        .lines
        .iter()
        .filter(|line| line.part2)
        .map(|line| &line.id)
        .collect();
    if apart.contains(&line) {
        return Ok(());
    }
    let known: Vec<_> = apart.iter().map(ToString::to_string).collect();
    Err(Failure::BadInput(format!(
        "no records of `{line}` alone are kept: lines marked `part2` in the transition are kept apart, here {}; leave --line out for the others",
        if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        }
    )))
}

/// Counts of single calls are for whoever holds the data directory and for the client's people: a person of the outsourcer's who is
/// named or shows a token reads the pages and the report, which withhold what is small.
pub(super) fn require_client(ctx: &Context) -> Result<(), Failure> {
    let named = block_on(login::named_actor(ctx))?;
    let Some(actor) = named.filter(|actor| actor.side != Side::Client) else {
        return Ok(());
    };
    let refusal = Refusal::new(Code::NotAuthorised)
        .missing(format!(
            "a person of the client; `{}` is of the outsourcer, and these counts are of the client's callers",
            actor.person
        ))
        .who("the client")
        .how("read `segue calls report`, /discovery and /plan/week: there counts below 11 are withheld, and what would give them away");
    Err(refusal.into())
}

/// Once the parties of a transition can see what is imported, their agreements come first (A1).
pub(super) fn require_allowed(ctx: &Context) -> Result<(), Failure> {
    let t = block_on(async { Office::open(&ctx.data).await?.state().await })?;
    if t.is_created() {
        require_records_allowed(&t, ctx.now())?;
    }
    Ok(())
}

impl SkewOptions {
    fn run(&self, store: &CallStore) -> Answered {
        let (here, there) = (&self.here, &self.there);
        let found = skew(store, here, there).map_err(failure)?;
        let text = match &found {
            None => format!(
                "Fewer than six calls can be paired between {here} and {there}: import both logs, with `transfer_to` in the \
                 mapping of {here}."
            ),
            Some(skew) => skew_words(skew, here, there),
        };
        Ok(Answer::new(
            &json!({ "here": here, "there": there, "skew": found }),
            text,
        ))
    }
}

fn skew_words(skew: &Skew, here: &str, there: &str) -> String {
    let seconds = |ms: i64| format!("{}.{} s", ms / 1_000, ms % 1_000 / 100);
    let way = if skew.ahead_ms < 0 {
        "behind"
    } else {
        "ahead of"
    };
    format!(
        "The clock of {there} is {} {way} that of {here} (± {}, from {} calls that both saw).\n\
         Waits within one centre are not affected; a journey across both is.",
        seconds(skew.ahead_ms.abs()),
        seconds(skew.plus_minus_ms),
        skew.calls
    )
}

impl Import {
    fn run(&self, ctx: &Context, store: &CallStore, line: Option<&LineId>) -> Answered {
        let mut mapping = CheckedMapping::find(&self.mapping).map_err(failure)?;
        if let Some(zone) = &self.zone {
            mapping = mapping.in_zone(zone).map_err(failure)?;
        }
        require_allowed(ctx)?;
        let t = block_on(async { Office::open(&ctx.data).await?.state().await })?;
        mapping = mapping.of_lines(Lines::new(&kept_apart(&t.lines), line.cloned()));
        let key = ctx.data.caller_key()?;
        let key = line.map_or_else(|| key.clone(), |line| key.of_line(line));
        let request = ImportRequest {
            files: &self.files,
            mapping: &mapping,
            source: &self.source,
            key: &key,
            imported_at: ctx.now(),
        };
        // Drawn on standard error, and only where that is a terminal.
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template(
            "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {msg} {eta}",
        );
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let result = import(store, request, &mut |progress| show(&bar, progress));
        bar.finish_and_clear();
        let report = result.map_err(failure)?;
        Ok(Answer::new(&report, import_text(&report)))
    }
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.bytes_total);
    bar.set_position(progress.bytes);
    bar.set_message(match progress.stage {
        Stage::Reading => format!("{} calls", progress.rows),
        Stage::Writing => format!("{} calls, writing", progress.rows),
    });
}

/// Rows of erased calls as a further term; nothing of none.
fn erased(rows: u64, plus: &str) -> String {
    match rows {
        0 => String::new(),
        rows => format!("{plus}{rows} erased before"),
    }
}

fn import_text(report: &ImportReport) -> String {
    let mut text = format!(
        "{} rows read = {} accepted + {} duplicates + {} test + {} quarantined{}\n",
        report.read,
        report.accepted,
        report.duplicates,
        report.test,
        report.quarantined,
        erased(report.erased, " + ")
    );
    for file in &report.files {
        let note = if file.already_imported {
            " (imported before: nothing changed)"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "  {}: {} read, {} accepted, {} duplicates, {} test, {} quarantined{}{note}",
            file.file,
            file.read,
            file.accepted,
            file.duplicates,
            file.test,
            file.quarantined,
            erased(file.erased, ", ")
        );
    }
    if report.erased > 0 {
        let _ = writeln!(
            text,
            "{} rows are of calls that were erased here: they stay out, whatever the export holds.",
            report.erased
        );
    }
    if report.duplicates_same_id > 0 {
        let _ = writeln!(
            text,
            "{} of the duplicates differ from the row that has their id: the later version stays, or the earlier row where the mapping \
             names no updated_at.",
            report.duplicates_same_id
        );
    }
    if report.updated > 0 {
        let _ = writeln!(
            text,
            "{} calls of earlier imports were replaced by their later versions.",
            report.updated
        );
    }
    for reason in &report.quarantine_reasons {
        let _ = writeln!(text, "  quarantined {}: {}", reason.rows, reason.reason);
    }
    for (rows, what) in [
        (report.without_caller, "without a known caller"),
        (report.time_uncertain, "in a repeated or skipped hour"),
        (report.unmapped_type, "of a type the mapping does not name"),
    ] {
        if rows > 0 {
            let _ = writeln!(text, "{rows} readable rows {what}.");
        }
    }
    let hangups = json!(report.policy.missing_hangup);
    let _ = write!(
        text,
        "Mapping {}; a missing hang-up: {}.",
        report.mapping,
        hangups.as_str().unwrap_or_default()
    );
    text
}

impl Quarantine {
    fn run(&self, store: &CallStore) -> Answered {
        let mut rows: Vec<QuarantinedRow> = Vec::new();
        let mut total = 0_u64;
        let each = |row| {
            total += 1;
            if rows.len() < self.rows_max {
                rows.push(row);
            }
            Ok(())
        };
        store.quarantined(each).map_err(failure)?;
        let mut text = String::new();
        for row in &rows {
            let _ = writeln!(text, "{}:{}: {}", row.file, row.line, row.reason);
        }
        let _ = write!(text, "{total} rows quarantined.");
        Ok(Answer::new(&json!({ "rows": rows, "total": total }), text))
    }
}

impl BaselineOptions {
    fn run(&self, store: &CallStore) -> Answered {
        let thresholds = Thresholds::new(self.threshold_s, self.short_abandon_s)
            .map_err(|fault| Failure::BadInput(fault.to_string()))?;
        let request = BaselineRequest {
            by: match self.by {
                Group::All => By::All,
                Group::Type => By::Type,
                Group::Hour => By::Hour,
                Group::Weekday => By::Weekday,
                Group::Line => By::Line,
                Group::Segment => By::Segment,
            },
            formula: self.formula,
            thresholds,
            from: self.from,
            to: self.to,
            source: self.source.clone(),
        };
        let found = baseline(store, &request).map_err(failure)?;
        let text = baseline_text(&found, &request, self.threshold_s, self.short_abandon_s);
        Ok(Answer::new(&found, text))
    }
}

fn baseline_text(found: &Baseline, request: &BaselineRequest, t: u32, s: u32) -> String {
    let (name, letters) = (request.formula.name(), request.formula.expression());
    let mut text = format!("{name} = {letters}, T = {t} s, S = {s} s\n");
    let _ = writeln!(
        text,
        "{:<18} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9}",
        "",
        "offered",
        "answered",
        "abandoned",
        "level",
        "abandon",
        "ASA s",
        "P90 s",
        "max s",
        "AHT s",
        "excluded"
    );
    for row in &found.rows {
        let _ = writeln!(text, "{}", line(row));
    }
    if found.rows.iter().all(|row| row.offered + row.excluded == 0) {
        text.push_str("No calls here; import some with `segue calls import FILE --mapping M --source NAME`, or widen --from and --to.\n");
    }
    text
}

fn line(row: &BaselineRow) -> String {
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "–".into(), |share| format!("{:.2} %", share * 100.0))
    };
    let seconds = |time: Option<f64>| time.map_or_else(|| "–".into(), |time| format!("{time:.1}"));
    format!(
        "{:<18} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9}",
        row.key,
        row.offered,
        row.answered,
        row.abandoned,
        percent(row.service_level),
        percent(row.abandonment),
        seconds(row.asa_s),
        seconds(row.p90_wait_s),
        seconds(row.longest_wait_s),
        seconds(row.aht_s),
        row.excluded
    )
}

/// The room's error as an exit code.
#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
pub fn failure(error: CallsError) -> Failure {
    if error.is_bad_input() {
        Failure::BadInput(error.to_string())
    } else if matches!(error, CallsError::DoesNotAddUp { .. }) {
        Failure::Internal(anyhow::anyhow!("{error}"))
    } else {
        Failure::Unavailable(error.to_string())
    }
}
