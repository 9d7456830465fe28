//! Who calls a centre, in shares: where the patients are and which languages they speak. Counts, never persons.

use crate::Decided;
use crate::event::Event;
use crate::ids::{SiteId, StateCode};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The whole, in basis points.
const WHOLE_BP: u32 = 10_000;

/// Callers of one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateShare {
    /// Where the patients are.
    pub state: StateCode,
    /// Basis points of the centre's calls.
    pub share_bp: u16,
}

/// Callers of one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LanguageShare {
    /// The language, as the two parties write it: `Spanish`.
    pub language: String,
    /// Basis points of the centre's calls.
    pub share_bp: u16,
}

/// Describes the callers of a centre.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DescribeCallers {
    /// The centre.
    pub site: SiteId,
    /// Where the patients are; what is left over is elsewhere.
    pub states: Vec<StateShare>,
    /// What they speak; the first is the centre's own language.
    pub languages: Vec<LanguageShare>,
    /// Where the figures come from.
    pub reference: String,
}

/// The callers of a centre are described.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallersDescribed {
    /// The centre.
    pub site: SiteId,
    /// Where the patients are.
    pub states: Vec<StateShare>,
    /// What they speak; the first is the centre's own language.
    pub languages: Vec<LanguageShare>,
    /// Where the figures come from.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

impl CallersDescribed {
    /// States with at least that share.
    pub fn states_of(&self, share_min_bp: u16) -> impl Iterator<Item = &StateCode> {
        let many = self
            .states
            .iter()
            .filter(move |s| s.share_bp >= share_min_bp);
        many.map(|s| &s.state)
    }

    /// Languages with at least that share, beside the centre's own.
    pub fn other_languages_of(&self, share_min_bp: u16) -> impl Iterator<Item = &str> {
        let others = self.languages.iter().skip(1);
        let many = others.filter(move |l| l.share_bp >= share_min_bp);
        many.map(|l| l.language.as_str())
    }
}

pub(crate) fn describe(t: &Transition, c: &DescribeCallers, now: Timestamp) -> Decided {
    if t.site_zone(&c.site).is_none() {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("centre `{}`", c.site))
            .how("name a centre of the transition"));
    }
    text::list("states", &c.states)?;
    text::list("languages", &c.languages)?;
    text::title("where the figures come from", &c.reference)?;
    c.states.iter().try_for_each(|s| s.state.check())?;
    for language in &c.languages {
        text::title("a language", &language.language)?;
    }
    check_shares(
        "states",
        c.states.iter().map(|s| (s.state.as_str(), s.share_bp)),
    )?;
    let languages = c.languages.iter();
    check_shares(
        "languages",
        languages.map(|l| (l.language.as_str(), l.share_bp)),
    )?;
    let described = CallersDescribed {
        site: c.site.clone(),
        states: c.states.clone(),
        languages: c.languages.clone(),
        reference: c.reference.clone(),
        at: now,
    };
    let same = t.compliance.callers.get(&c.site).is_some_and(|before| {
        let at = before.at;
        *before
            == CallersDescribed {
                at,
                ..described.clone()
            }
    });
    if same {
        return Ok(Vec::new());
    }
    Ok(vec![Event::CallersDescribed(described)])
}

fn check_shares<'a>(
    what: &str,
    shares: impl Iterator<Item = (&'a str, u16)>,
) -> Result<(), Refusal> {
    let (mut names, mut sum_bp) = (std::collections::BTreeSet::new(), 0);
    for (name, share_bp) in shares {
        if !names.insert(name) {
            return Err(bad(format!(
                "each of the {what} once; {name} is given twice"
            )));
        }
        sum_bp += u32::from(share_bp);
    }
    if names.is_empty() || sum_bp > WHOLE_BP {
        return Err(bad(format!(
            "{what} whose shares sum to at most {WHOLE_BP} basis points, not {sum_bp}"
        )));
    }
    Ok(())
}

pub(crate) fn apply_described(t: &mut Transition, e: &CallersDescribed) {
    t.compliance.callers.insert(e.site.clone(), e.clone());
}
