//! Who hears when: the affected staff first, from a person, before the outsourcer's people and the public (B11).

use super::require_site;
use crate::Decided;
use crate::event::Event;
use crate::ids::SiteId;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Who is told.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The people whose work moves.
    AffectedStaff,
    /// Their union.
    Representatives,
    /// Everybody at the client.
    AllStaff,
    /// The outsourcer's people.
    Outsourcer,
    /// Patients, practices, the press.
    Public,
}

impl Audience {
    /// Every audience, in the order of telling.
    pub const ALL: [Self; 5] = [
        Self::AffectedStaff,
        Self::Representatives,
        Self::AllStaff,
        Self::Outsourcer,
        Self::Public,
    ];

    /// The audience in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::AffectedStaff => "affected staff",
            Self::Representatives => "their representatives",
            Self::AllStaff => "all staff",
            Self::Outsourcer => "the outsourcer's people",
            Self::Public => "the public",
        }
    }
}

/// Records that somebody was told what becomes of the people of a centre.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TellAudience {
    /// The centre.
    pub site: SiteId,
    /// Who was told.
    pub audience: Audience,
    /// The day.
    #[schemars(with = "String")]
    pub on: Date,
    /// Whether a person told them, face to face or on the phone.
    #[serde(default)]
    pub in_person: bool,
}

/// An audience was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudienceTold {
    /// The centre.
    pub site: SiteId,
    /// Who was told.
    pub audience: Audience,
    /// The day.
    pub on: Date,
    /// Whether a person told them.
    pub in_person: bool,
    /// When it was recorded.
    pub at: Timestamp,
}

/// When an audience was told about a centre.
pub fn told_on(t: &Transition, site: &SiteId, audience: Audience) -> Option<Date> {
    let mut told = t.people.told.iter();
    told.find(|e| e.site == *site && e.audience == audience)
        .map(|e| e.on)
}

pub(crate) fn tell(t: &Transition, c: &TellAudience, now: Timestamp) -> Decided {
    require_site(t, &c.site)?;
    let first = told_on(t, &c.site, Audience::AffectedStaff);
    let missing = match c.audience {
        Audience::AffectedStaff if !c.in_person => Some(
            "a person who tells the affected staff; a letter or e-mail is not enough".to_owned(),
        ),
        Audience::AffectedStaff => None,
        _ if first.is_none_or(|first| c.on < first) => Some(format!(
            "the affected staff of {} told in person before {}",
            c.site,
            c.audience.words()
        )),
        _ => None,
    };
    if let Some(missing) = missing {
        return Err(Refusal::new(Code::StaffHearFirst)
            .missing(missing)
            .who("the client's human resources and the managers of the centre")
            .how("tell them, then record it (`segue do tell-audience --audience affected_staff --in-person true`)"));
    }
    if told_on(t, &c.site, c.audience).is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::AudienceTold(AudienceTold {
        site: c.site.clone(),
        audience: c.audience,
        on: c.on,
        in_person: c.in_person,
        at: now,
    })])
}

pub(crate) fn apply_told(t: &mut Transition, e: &AudienceTold) {
    t.people.told.push(e.clone());
}
