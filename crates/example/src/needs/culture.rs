//! What Riverside and CareBridge learn of their cultures: segments, traits with what follows, practices, profiles, quizzes.

use crate::cast::{of, sign};
use crate::way::{Move, Scene};
use segue_domain::agents::rostered_for;
use segue_domain::chunks::Chunk;
use segue_domain::culture::acknowledgements::{AcknowledgeCulture, QuizResult};
use segue_domain::culture::adaptations::{
    Adaptation, AdaptationKind, MeasuredBy, RecordAdaptation,
};
use segue_domain::culture::practices::{
    Choice, DecidePractice, Practice, PracticeDecision, RecordPractice,
};
use segue_domain::culture::profiles::{
    CultureProfile, ProposeCultureProfile, SignCultureProfile, current,
};
use segue_domain::culture::segments::{RecordSegment, Segment, SegmentBy};
use segue_domain::culture::traits::{LinkTrait, RecordTrait, Trait, TraitCard, TraitKind};
use segue_domain::culture::{CultureKind, SourceKind};
use segue_domain::ids::{CallTypeId, ScenarioId, TraitId};
use segue_domain::{Actor, Role, Side};

/// A trait and what is done for it.
struct Expected {
    id: &'static str,
    culture: CultureKind,
    kind: TraitKind,
    segment: Option<&'static str>,
    says: &'static str,
    question: &'static str,
    habit: &'static str,
    adaptation: (AdaptationKind, &'static str, MeasuredBy),
    scenario: &'static str,
    training: &'static str,
}

const EXPECTED: [Expected; 3] = [
    Expected {
        id: "spanish-first",
        culture: CultureKind::CallerCulture,
        kind: TraitKind::Language,
        segment: Some("spanish"),
        says: "callers want to explain symptoms in Spanish, to a person",
        question: "¿Puedo hablar con alguien en español?",
        habit: "two Spanish-speaking nurses on every shift",
        adaptation: (
            AdaptationKind::Staffing,
            "a Spanish speaker or an interpreter within 60 s on every shift",
            MeasuredBy::QuestionAnswered,
        ),
        scenario: "SC-spanish-fever",
        training: "TI-interpreter-line",
    },
    Expected {
        id: "worried-parents",
        culture: CultureKind::CallerCulture,
        kind: TraitKind::Reassurance,
        segment: Some("parents"),
        says: "parents of infants call at night and want to know what to watch for",
        question: "how will I know that it gets worse?",
        habit: "nurses close with three signs to watch for",
        adaptation: (
            AdaptationKind::Script,
            "close every night call with three signs to watch for",
            MeasuredBy::Satisfied,
        ),
        scenario: "SC-infant-night",
        training: "TI-closing-a-call",
    },
    Expected {
        id: "pages-by-name",
        culture: CultureKind::ClientCulture,
        kind: TraitKind::Physicians,
        segment: None,
        says: "doctors expect a page with their name, the question and a callback number",
        question: "who asked for me, and what for?",
        habit: "every page is read back before it is sent",
        adaptation: (
            AdaptationKind::Training,
            "pages are read back before they are sent",
            MeasuredBy::AppropriateDisposition,
        ),
        scenario: "SC-page-read-back",
        training: "TI-paging",
    },
];

/// In-house practices, and who looks after them.
const PRACTICES: [(&str, &str, &str); 2] = [
    (
        "monthly-teaching",
        "an hour of continuing education a month for every nurse",
        "nurse educator",
    ),
    (
        "reference-shelf",
        "a library of protocols and drug references at every desk",
        "lead nurse",
    ),
];

fn team(side: Side) -> Actor {
    of(side, Role::Implementation)
}

/// Who calls.
pub(crate) fn segments(scene: &Scene<'_>) -> Option<Move> {
    let segment = |id: &str, by, says: &str, calls| Segment {
        segment: id.into(),
        by,
        says: says.into(),
        call_type: None::<CallTypeId>,
        calls,
        of_calls: 18_400,
        source: SourceKind::Report,
        reference: "calls by language and age, report 4".into(),
    };
    let segments = [
        segment(
            "spanish",
            SegmentBy::Language,
            "callers who speak Spanish",
            1_288,
        ),
        segment("parents", SegmentBy::Age, "parents of infants", 2_760),
    ];
    let known = &scene.t.culture.segments;
    let facts = segments
        .into_iter()
        .find(|s| !known.contains_key(&s.segment))?;
    Some(Move::say(team(Side::Client), RecordSegment { facts }))
}

/// What they expect, and what follows from it.
pub(crate) fn traits(scene: &Scene<'_>) -> Option<Move> {
    EXPECTED.iter().find_map(|expected| {
        let id = TraitId::from(expected.id);
        match scene.t.culture.traits.get(&id) {
            None => Some(expected.record(id)),
            Some(card) => expected.follow_up(id, card),
        }
    })
}

impl Expected {
    fn record(&self, id: TraitId) -> Move {
        let facts = Trait {
            id,
            culture: self.culture,
            kind: self.kind,
            segment: self.segment.map(Into::into),
            says: self.says.into(),
            example_question: self.question.into(),
            habit: Some(self.habit.into()),
            source: SourceKind::Interview,
            reference: "talks with eleven nurses, minutes 5".into(),
        };
        Move::say(team(Side::Client), RecordTrait { facts })
    }

    fn follow_up(&self, id: TraitId, card: &TraitCard) -> Option<Move> {
        let scenario = ScenarioId::from(self.scenario);
        if !card.scenarios.contains(&scenario) {
            let link = LinkTrait {
                id,
                scenario: Some(scenario),
                training_item: Some(self.training.into()),
            };
            return Some(Move::say(team(Side::Outsourcer), link));
        }
        let (kind, change, measured_by) = self.adaptation;
        let open = card.adaptations.is_empty();
        open.then(|| {
            let adaptation = Adaptation {
                id,
                kind,
                change: change.into(),
                measured_by,
                before_bp: Some(8_800),
                after_bp: None,
            };
            Move::say(team(Side::Outsourcer), RecordAdaptation { adaptation })
        })
    }
}

/// Practices worth preserving; both keep them.
pub(crate) fn practices(scene: &Scene<'_>) -> Option<Move> {
    PRACTICES.iter().find_map(|(id, says, owner)| {
        let Some(card) = scene.t.culture.practices.get(&(*id).into()) else {
            let facts = Practice {
                practice: (*id).into(),
                says: (*says).into(),
                owner: (*owner).into(),
            };
            return Some(Move::say(team(Side::Client), RecordPractice { facts }));
        };
        let open = Side::BOTH
            .into_iter()
            .find(|side| !card.decisions.contains_key(side))?;
        let decision = PracticeDecision {
            practice: (*id).into(),
            choice: Choice::Keep,
            reason: None,
            watch: None,
        };
        Some(Move::say(team(open), DecidePractice { decision }))
    })
}

/// Both profiles, signed by both.
pub(crate) fn profiles(scene: &Scene<'_>) -> Option<Move> {
    let t = scene.t;
    let unsigned = CultureKind::ALL
        .into_iter()
        .find(|kind| current(t, *kind).is_none())?;
    let Some(version) = t.culture.profiles.get(&unsigned).and_then(|v| v.last()) else {
        let profile = CultureProfile {
            culture: unsigned,
            summary: match unsigned {
                CultureKind::ClientCulture => {
                    "Doctors and nurses know each other; pages are read back."
                }
                CultureKind::CallerCulture => {
                    "Families, many of them new parents; one in fourteen speaks Spanish."
                }
            }
            .into(),
            reference: "culture binder 1".into(),
            clinical: false,
        };
        return Some(Move::say(
            team(Side::Client),
            ProposeCultureProfile { profile },
        ));
    };
    let side = version.agreement.missing().into_iter().next()?;
    let actor = of(side, Role::Signatory);
    let signature = sign(&actor, &version.proposed.hash);
    let (culture, version) = (unsigned, version.proposed.version);
    let sign = SignCultureProfile {
        culture,
        version,
        signature,
    };
    Some(Move::say(actor, sign))
}

/// Every agent rostered for the chunk has read both profiles in the version in force.
pub(crate) fn acknowledged(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let t = scene.t;
    CultureKind::ALL.into_iter().find_map(|culture| {
        let version = current(t, culture)?.proposed.version;
        let knows = |agent| {
            let known = t.culture.agents.get(agent).and_then(|a| a.get(&culture));
            known.is_some_and(|known| known.version >= version)
        };
        let rostered = rostered_for(t, &chunk.planned.call_type);
        let behind = rostered.map(|a| &a.agent).filter(|agent| !knows(agent));
        let results: Vec<_> = behind
            .map(|agent| QuizResult {
                agent: agent.clone(),
                correct: 10,
                asked: 10,
            })
            .collect();
        let acknowledge = AcknowledgeCulture {
            culture,
            version,
            results,
        };
        let any = !acknowledge.results.is_empty();
        any.then(|| Move::say(team(Side::Outsourcer), acknowledge))
    })
}
