//! `segue capacity shared`: agents of several skills, from a file that names call types and groups.

use super::failure;
use crate::output::{Answer, Answered, Failure};
use clap::Args;
use segue_capacity::error::CapacityError;
use segue_capacity::load::{Load, Patience, ServiceTarget};
use segue_capacity::staffing::shared::{AgentGroup, SharedStaffing, TypeOfCalls, shared_staffing};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Options of `segue capacity shared`.
#[derive(Debug, Args)]
pub struct Shared {
    /// Call types and groups (examples/capacity/shared.toml)
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// The same seed meets the same callers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Centre {
    calls: Vec<Calls>,
    agents: Vec<Agents>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Calls {
    #[serde(rename = "type")]
    name: String,
    per_hour: f64,
    aht_s: f64,
    patience_s: Option<f64>,
    target: String,
    #[serde(default = "five")]
    abandonment_max_percent: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Agents {
    group: String,
    takes: BTreeSet<String>,
    #[serde(default = "one")]
    cost: u32,
}

const fn five() -> u32 {
    5
}

const fn one() -> u32 {
    1
}

impl Calls {
    fn read(self) -> Result<TypeOfCalls, CapacityError> {
        let target: ServiceTarget = self.target.parse()?;
        Ok(TypeOfCalls {
            name: self.name,
            load: Load::new(self.per_hour, self.aht_s)?,
            patience: Patience::of(self.patience_s)?,
            target: ServiceTarget {
                abandonment_max_bp: self.abandonment_max_percent.saturating_mul(100),
                ..target
            },
        })
    }
}

impl Shared {
    pub(super) fn run(&self) -> Answered {
        let file = self.file.display();
        let bad = |why: String| Failure::BadInput(format!("{file}: {why}"));
        let text = std::fs::read_to_string(&self.file).map_err(|e| bad(e.to_string()))?;
        let centre: Centre =
            toml::from_str(&text).map_err(|e| bad(e.to_string().trim().to_owned()))?;
        let types = centre.calls.into_iter().map(Calls::read);
        let types = types.collect::<Result<Vec<_>, _>>().map_err(failure)?;
        let group = |agents: Agents| AgentGroup {
            name: agents.group,
            takes: agents.takes,
            cost: agents.cost,
        };
        let groups: Vec<_> = centre.agents.into_iter().map(group).collect();
        let found = shared_staffing(&types, &groups, self.seed).map_err(failure)?;
        let answer = json!({
            "groups": groups.iter().zip(&found.agents).map(|(group, agents)| {
                json!({ "group": group.name, "takes": group.takes, "agents": agents })
            }).collect::<Vec<_>>(),
            "types": found.types,
            "agents": found.together,
            "agents_apart": found.apart,
            "cost": found.cost,
            "tried": found.tried,
            "cut_short": found.cut_short,
            "seed": self.seed,
        });
        Ok(Answer::new(&answer, said(&types, &groups, &found)))
    }
}

fn said(types: &[TypeOfCalls], groups: &[AgentGroup], found: &SharedStaffing) -> String {
    let mut text = String::new();
    for (group, agents) in groups.iter().zip(&found.agents) {
        let takes: Vec<_> = group.takes.iter().map(String::as_str).collect();
        let _ = writeln!(text, "{agents:>5}  {} ({})", group.name, takes.join(", "));
    }
    let _ = writeln!(
        text,
        "{:>5}  together; were nobody shared, {}\n",
        found.together, found.apart
    );
    for (kind, got) in types.iter().zip(&found.types) {
        let _ = writeln!(
            text,
            "{}: {:.1} % ± {:.1} in {} s, {:.1} % ± {:.1} hang up (target {}; {} calls simulated)",
            got.name,
            100.0 * got.service_level,
            100.0 * got.service_level_within,
            kind.target.within_s,
            100.0 * got.abandonment,
            100.0 * got.abandonment_within,
            kind.target,
            got.calls
        );
    }
    let _ = if found.cut_short {
        writeln!(
            text,
            "The search was cut short after {} staffings: a cheaper one may be near.",
            found.tried
        )
    } else {
        writeln!(
            text,
            "No person less and no cheaper exchange of one or two reaches every target ({} staffings simulated).",
            found.tried
        )
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_shares_and_a_wrong_file_says_what_is_wrong() {
        let example = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../examples/capacity/shared.toml"
        );
        let asked = |file: &str| Shared {
            file: file.into(),
            seed: 1,
        };
        let answer = asked(example).run().unwrap_or_else(|_| panic!("an answer"));
        let number = |key: &str| answer.json[key].as_u64();
        assert!(number("agents") < number("agents_apart"), "{}", answer.json);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("centre.toml");
        let text = std::fs::read_to_string(example).unwrap();
        for (text, says) in [
            (text.replace("target", "goal"), "goal"),
            (text.replace("80/20", "fast"), "percent/seconds"),
            (text.replace("cost = 20", "cost = 0"), "at least 1"),
            (text.replace("\"MSG\"]", "\"TRI\"]"), "TRI"),
        ] {
            std::fs::write(&file, text).unwrap();
            match asked(&file.display().to_string()).run() {
                Err(Failure::BadInput(why)) => assert!(why.contains(says), "{why}"),
                _ => panic!("taken: {says}"),
            }
        }
    }
}
