//! Writes the hazard log for people: the summary first, then each hazard with its controls, then each refusal with what
//! it controls.

use super::{HAZARDS, HOUSEKEEPING, Harm, Likelihood, controlled_by};
use crate::refusal::Code;
use std::fmt::Write as _;

const HEAD: &str = "\
# Safety case

Generated from the hazard log in `crates/domain/src/hazard_log` (`SEGUE_GOLDEN=write cargo nextest run -p segue-domain
safety_case`); a test keeps the two together. The method is that of DCB0129 and ISO 14971: each hazard has a harm, a
likelihood before and after its controls, and a risk from 1 to 5 by the standard's matrix. 1 and 2 are acceptable; 3 is tolerable
where no more can reasonably be done; 4 and 5 are not. The likelihoods are the authors' judgement, to be reviewed by the
client's clinical safety officer before go-live: Segue controls what may be done and where calls go, not what is said on them.

";

impl Harm {
    fn words(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Significant => "significant",
            Self::Considerable => "considerable",
            Self::Major => "major",
            Self::Catastrophic => "catastrophic",
        }
    }
}

impl Likelihood {
    fn words(self) -> &'static str {
        match self {
            Self::VeryLow => "very low",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::VeryHigh => "very high",
        }
    }
}

/// The whole document.
pub fn safety_case() -> String {
    let mut page = HEAD.to_owned();
    summary(&mut page);
    for hazard in HAZARDS {
        // Writing to a text cannot fail, here and below.
        let _ = writeln!(page, "## {} {}\n", hazard.id, hazard.title);
        let _ = writeln!(
            page,
            "Cause: {}. Effect: {}.\n",
            hazard.cause, hazard.effect
        );
        for code in hazard.refusals {
            let _ = writeln!(page, "- `{code}`: {} ({})", code.says(), code.source());
        }
        for other in hazard.others {
            let _ = writeln!(page, "- {other}");
        }
        page.push('\n');
    }
    refusals(&mut page);
    page
}

fn summary(page: &mut String) {
    page.push_str(
        "| hazard | harm | likelihood before | risk before | likelihood after | risk after |\n",
    );
    page.push_str("|---|---|---|---|---|---|\n");
    for h in HAZARDS {
        let _ = writeln!(
            page,
            "| {} {} | {} | {} | {} | {} | {} |",
            h.id,
            h.title,
            h.harm.words(),
            h.before.words(),
            h.initial_risk(),
            h.after.words(),
            h.residual_risk()
        );
    }
    page.push('\n');
}

fn refusals(page: &mut String) {
    page.push_str(
        "## Every refusal and the hazard it controls\n\n| refusal | hazards |\n|---|---|\n",
    );
    for code in Code::ALL {
        let ids: Vec<_> = controlled_by(*code).map(|hazard| hazard.id).collect();
        let housekeeping = HOUSEKEEPING.iter().find(|(other, _)| other == code);
        let traced = match housekeeping {
            Some((_, why)) if ids.is_empty() => format!("none: {why}"),
            _ => ids.join(", "),
        };
        let _ = writeln!(page, "| `{code}` | {traced} |");
    }
}
