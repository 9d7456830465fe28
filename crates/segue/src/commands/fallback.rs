//! `segue fallback`: every call home, by one person, at once.

use crate::cli::Global;
use crate::context::Context;
use crate::home::{HomeDoor, Press, Pressed};
use crate::login;
use crate::node::Node;
use crate::node::control::{Ask, Told, ask};
use crate::node::files::NodeFiles;
use crate::office::{Office, block_on};
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_domain::{Actor, Role, Side};
use serde::Serialize;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How long a press waits for the people's database.
const ACCOUNTS_WAIT: Duration = Duration::from_secs(3);

/// Options of `segue fallback`.
#[derive(Debug, Args)]
pub struct Fallback {
    /// all, a site or a chunk
    #[arg(long, default_value = "all")]
    scope: String,
    /// Why, in a few words; nothing about a caller
    #[arg(long, default_value = "")]
    reason: String,
    /// Only these nodes, by name (this version runs one node per data directory)
    #[arg(long, num_args = 1..)]
    direct: Vec<String>,
}

impl Fallback {
    /// Presses.
    pub fn run(&self, global: &Global) -> Answered {
        let ctx = Context::open(global)?;
        block_on(async {
            let (actor, reason) = self.who(&ctx).await?;
            self.check_direct(&ctx).await?;
            let press = Press::by(&actor, &self.scope, &reason, ctx.command_id()?, ctx.now());
            Ok(answer(&send(&ctx, press).await?))
        })
    }

    /// Who presses, and why. Where the people's database does not answer, whoever may read this directory's keys is let
    /// through: bringing calls home never waits for a database. The journal is told that nobody was asked for a secret.
    async fn who(&self, ctx: &Context) -> Result<(Actor, String), Failure> {
        let asked = tokio::time::timeout(ACCOUNTS_WAIT, login::actor(ctx)).await;
        let asked = asked.unwrap_or_else(|_| {
            Err(Failure::Unavailable(
                "the accounts did not answer within 3 s".into(),
            ))
        });
        match (asked, &ctx.as_user) {
            (Ok(actor), _) => Ok((actor, self.reason.clone())),
            (Err(Failure::Unavailable(why)), Some(name)) => {
                ctx.data.caller_key()?;
                tracing::warn!(
                    why,
                    "nobody's identity can be checked: the press is taken as `{name}`'s"
                );
                let actor = Actor::new(name, Side::Client, &[Role::Duty]);
                Ok((
                    actor,
                    format!(
                        "identity not checked, accounts unreachable. {}",
                        self.reason
                    ),
                ))
            }
            (Err(Failure::Unavailable(why)), None) => Err(Failure::Unavailable(format!(
                "{why}; to bring calls home all the same, say who presses with --as NAME"
            ))),
            (Err(other), _) => Err(other),
        }
    }

    /// A node that is named must be the one that runs here: an answer must never hide that another one was meant.
    async fn check_direct(&self, ctx: &Context) -> Result<(), Failure> {
        if self.direct.is_empty() {
            return Ok(());
        }
        let here = match ask(&ctx.data.path("segue.sock"), &Ask::Status).await {
            Some(Ok(Told::Status(nodes))) => nodes.into_iter().next().map(|node| node.id).unwrap_or_default(),
            _ => return Err(Failure::Unavailable("no node runs on this data directory; leave --direct out to latch on disk and journal".into())),
        };
        match self.direct.iter().find(|name| **name != here) {
            None => Ok(()),
            Some(name) => Err(Failure::BadInput(format!(
                "node `{name}` is not reached from here; this data directory runs node `{here}`"
            ))),
        }
    }
}

/// Sends a press to the node of this data directory, or latches on disk when none runs.
pub async fn send(ctx: &Context, press: Press) -> Result<Pressed, Failure> {
    match ask(&ctx.data.path("segue.sock"), &Ask::Fallback(press.clone())).await {
        Some(Ok(Told::Pressed(pressed))) => Ok(pressed),
        Some(Ok(Told::Refused(refusal))) => Err(Failure::Refused(refusal)),
        Some(Ok(Told::Failed(why))) => Err(Failure::Unavailable(why)),
        Some(Ok(Told::Status(_))) => Err(Failure::Internal(anyhow::anyhow!(
            "the node answered another question"
        ))),
        Some(Err(error)) => Err(Failure::Unavailable(format!(
            "{error:#}; press again, or use the button"
        ))),
        None => without_node(ctx, press).await,
    }
}

/// No node runs here: latch on disk, so that none starts with an open door, and journal.
async fn without_node(ctx: &Context, press: Press) -> Result<Pressed, Failure> {
    // A journal that cannot be opened keeps nobody from latching: the press waits on disk until it can.
    let office = Office::lazy(&ctx.data)?;
    let files = NodeFiles::new(ctx.data.root());
    let node = Node::open("offline", ctx.data.caller_key()?, files);
    // The last table may be older than the journal: what must be latched is what is agreed now.
    if let Ok(state) = office.state().await {
        node.install(segue_routing::compile(&state, ctx.now()))?;
    }
    let (pending, wake) = (ctx.data.path("node/pending.json"), Arc::new(Notify::new()));
    let door = HomeDoor::new(Arc::new(node), office.desk, office.stream, pending, wake);
    let mut pressed = door.press(press).await?;
    (pressed.nodes_home, pressed.nodes_total) = (0, 0);
    pressed.warnings.push("no node is running here: nothing routes calls until `segue serve` runs, and then they go home".into());
    Ok(pressed)
}

fn answer(pressed: &Pressed) -> Answer {
    #[derive(Serialize)]
    struct Json<'a> {
        #[serde(flatten)]
        pressed: &'a Pressed,
    }
    let mut text = if pressed.already_home {
        format!("{}: every call was home already.", pressed.scope)
    } else {
        format!(
            "{}: home on {} of {} nodes in {} ms.",
            pressed.scope, pressed.nodes_home, pressed.nodes_total, pressed.latency_ms
        )
    };
    if let Some(incident) = &pressed.incident {
        let _ = write!(text, " Incident {incident}.");
    }
    text.push_str(if pressed.journalled {
        " Journalled."
    } else {
        " Journalling pending."
    });
    text.push_str(if pressed.verified {
        " A person in-house has answered."
    } else {
        " Not verified yet: no person in-house has answered a call since."
    });
    for warning in &pressed.warnings {
        let _ = write!(text, "\n! {warning}");
    }
    Answer::new(&Json { pressed }, text)
}
