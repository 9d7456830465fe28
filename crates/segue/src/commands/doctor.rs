//! `segue doctor`: what works, what does not, and the next step for each.

use crate::cli::Global;
use crate::context::Context;
use crate::mailing;
use crate::node::control::{Ask, Told, ask};
use crate::node::files::NodeFiles;
use crate::node::state::Installed;
use crate::office::{Office, block_on, open_facts};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_journal::accounts::Accounts;
use segue_journal::verify;
use serde::Serialize;
use serde_json::json;

/// Options of `segue doctor`.
#[derive(Debug, Args)]
pub struct Doctor {}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    next_step: String,
}

impl Doctor {
    /// Answers; exit code 5 when a check fails.
    pub fn run(global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let checks = checks(&ctx).await;
            let ok = checks.iter().all(|check| check.ok);
            let line = |c: &Check| {
                format!(
                    "{} {}{}\n",
                    if c.ok { "ok  " } else { "FAIL" },
                    c.name,
                    next(c)
                )
            };
            let text: String = checks.iter().map(line).collect();
            Ok(Answer::new(&json!({ "checks": checks }), text).wanting_if(!ok))
        })
    }
}

fn next(check: &Check) -> String {
    if check.next_step.is_empty() {
        String::new()
    } else {
        format!(": {}", check.next_step)
    }
}

fn check<T, E: std::fmt::Display>(name: &'static str, result: &Result<T, E>) -> Check {
    let next_step = result
        .as_ref()
        .err()
        .map(ToString::to_string)
        .unwrap_or_default();
    Check {
        name,
        ok: result.is_ok(),
        next_step,
    }
}

async fn checks(ctx: &Context) -> Vec<Check> {
    let mut checks = vec![check("the client's caller key", &ctx.data.caller_key())];
    let office = Office::open(&ctx.data).await;
    checks.push(check("journal opens", &office));
    if let Ok(office) = &office {
        checks.push(chain(office).await);
        checks.push(targets(ctx, office).await);
    }
    checks.push(check("call facts open", &open_facts(&ctx.data).await));
    checks.push(check(
        "accounts open",
        &Accounts::open(ctx.data.place("accounts")).await,
    ));
    checks.push(check(
        "home latch is readable",
        &NodeFiles::new(ctx.data.root()).read_latch(),
    ));
    checks.push(check(
        "checkpoints are mailed",
        &mailing::trouble(&ctx.data),
    ));
    let running = matches!(
        ask(&ctx.data.path("segue.sock"), &Ask::Status).await,
        Some(Ok(Told::Status(_)))
    );
    let next_step = if running {
        String::new()
    } else {
        "no node runs here; start one with `segue serve`".into()
    };
    checks.push(Check {
        name: "a node runs here",
        ok: running,
        next_step,
    });
    checks
}

async fn chain(office: &Office) -> Check {
    match verify(office.desk.journal(), &[]).await {
        Ok(report) => {
            let next_step = report
                .first_bad
                .map(|bad| format!("first bad line: {bad}; restore the journal from a backup"))
                .unwrap_or_default();
            Check {
                name: "journal verifies",
                ok: report.ok,
                next_step,
            }
        }
        Err(error) => Check {
            name: "journal verifies",
            ok: false,
            next_step: error.to_string(),
        },
    }
}

/// Every target of the table has an address.
async fn targets(ctx: &Context, office: &Office) -> Check {
    let name = "every target of the table has an address";
    let state = match office.state().await {
        Ok(state) => state,
        Err(error) => return check(name, &Err::<(), Failure>(error)),
    };
    let installed = Installed::new(segue_routing::compile(&state, ctx.now()));
    let numbers = installed.table.numbers.values();
    let uris = numbers.flat_map(|n| {
        [&n.in_house, &n.outsourced]
            .into_iter()
            .chain(&n.last_resort)
    });
    let unknown: Vec<_> = uris
        .filter(|uri| !installed.addresses.contains_key(*uri))
        .map(String::as_str)
        .collect();
    let next_step = if unknown.is_empty() {
        String::new()
    } else {
        format!(
            "no address for {}; check DNS or write the address",
            unknown.join(", ")
        )
    };
    Check {
        name,
        ok: unknown.is_empty(),
        next_step,
    }
}
