//! `segue calls publish` and `segue calls fetch`: the call store to an object store, and back from there.

use super::{failure, require_allowed};
use crate::context::Context;
use crate::login::{HOST, account_failure, accounts, named_actor};
use crate::office::block_on;
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_calls::publish::{Place, PublishOptions, PublishReport, fetch, publish};
use segue_calls::store::CallStore;
use segue_domain::Side;
use segue_domain::ids::LineId;
use segue_journal::accounts::Act;

/// Options of `segue calls publish`.
#[derive(Debug, Args)]
pub struct Publish {
    /// Where to: `s3://BUCKET/PREFIX`, or `file:///FOLDER` for a disk that machines share. A bucket's endpoint, region and credentials stand in
    /// the variables `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`; an endpoint that is not encrypted needs
    /// `AWS_ALLOW_HTTP=true`
    #[arg(long, value_name = "URL")]
    to: String,
    /// Publish files that lie in the clear as well: whoever reads the place reads their records
    #[arg(long)]
    plain: bool,
    /// Nobody else publishes there: for a store that does not heed conditional puts and could not keep two publishers apart
    #[arg(long)]
    sole_publisher: bool,
}

/// Options of `segue calls fetch`.
#[derive(Debug, Args)]
pub struct Fetch {
    /// Where it was published to; credentials as for `segue calls publish`
    #[arg(long, value_name = "URL")]
    from: String,
}

impl Publish {
    pub(super) fn run(&self, ctx: &Context, store: &CallStore, line: Option<&LineId>) -> Answered {
        let place = place(&self.to)?;
        let options = PublishOptions {
            plain: self.plain,
            sole_publisher: self.sole_publisher,
        };
        let report = block_on(async {
            note(ctx, Act::RecordsPublished, &self.to, line).await?;
            publish(store, &place, options).await.map_err(failure)
        })?;
        Ok(Answer::new(&report, published_text(&report, &self.to)))
    }
}

impl Fetch {
    pub(super) fn run(&self, ctx: &Context, store: &CallStore, line: Option<&LineId>) -> Answered {
        require_allowed(ctx)?;
        let place = place(&self.from)?;
        let report = block_on(async {
            note(ctx, Act::RecordsFetched, &self.from, line).await?;
            fetch(store, &place).await.map_err(failure)
        })?;
        let text = format!(
            "{} records of {} imports are here, {} files as they were published.",
            report.records, report.imports, report.files
        );
        Ok(Answer::new(&report, text))
    }
}

fn published_text(report: &PublishReport, url: &str) -> String {
    format!(
        "{} records of {} imports are at {url}: {} objects put ({} bytes), {} were there, {} deleted.",
        report.records,
        report.imports,
        report.put,
        report.put_bytes,
        report.objects - report.put,
        report.deleted
    )
}

fn place(url: &str) -> Result<Place, Failure> {
    let vars = std::env::vars_os().filter_map(|(name, value)| {
        let name = name
            .into_string()
            .ok()
            .filter(|name| name.starts_with("AWS_"))?;
        Some((name, value.into_string().ok()?))
    });
    Place::open(url, &vars.collect()).map_err(failure)
}

/// All records at once: who moves them is written down first, or they do not move.
async fn note(ctx: &Context, act: Act, url: &str, line: Option<&LineId>) -> Result<(), Failure> {
    let reader = named_actor(ctx).await?;
    let who = reader
        .as_ref()
        .map_or((HOST, Side::Client), |by| (by.person.as_str(), by.side));
    let about = line.map_or_else(|| url.to_owned(), |line| format!("{url} (line {line})"));
    let accounts = accounts(ctx).await?;
    let noted = accounts.note(who, act, &about, ctx.now()).await;
    noted.map_err(account_failure)
}
