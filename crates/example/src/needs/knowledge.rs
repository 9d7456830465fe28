//! What Riverside's nurses know, in their own credit (B10), looked at again before its date.

use crate::cast::of;
use crate::way::{Move, Scene};
use jiff::ToSpan;
use jiff::civil::Date;
use segue_domain::knowledge::{
    CaptureKnowledge, KnowledgeItem, KnowledgeKind, KnowledgeScope, VerifyKnowledge,
};
use segue_domain::{Role, Side};

/// Days before its review date when an item is looked at again.
const EARLY_DAYS: i32 = 30;

/// Everything Riverside's nurses tell, to be looked at again a year later.
fn told(today: Date) -> [KnowledgeItem; 4] {
    use KnowledgeKind::{Procedure, StandardOfPractice, WorkingPreference};
    let item = |item: &str, author: &str, title: &str, text: &str, scope, kind| KnowledgeItem {
        item: item.into(),
        title: title.into(),
        text: text.into(),
        scope,
        kind,
        author: author.into(),
        reference: "knowledge base, chapter 2".into(),
        review_by: today.saturating_add(1.year()),
    };
    let (main, north) = ("RVS-Main-TFN", "RVS-North-DID");
    [
        item(
            "K-1",
            "S-03",
            "who is told first at night",
            "after 22:00 the on-call schedule is read back before a page goes out",
            KnowledgeScope::Line(main.into()),
            Procedure,
        ),
        item(
            "K-2",
            "S-07",
            "messages of the northern practices",
            "messages are read at noon; what cannot wait until then is paged",
            KnowledgeScope::Line(north.into()),
            Procedure,
        ),
        item(
            "K-3",
            "S-03",
            "what a caller may ask",
            "questions are answered in full, however long the call takes",
            KnowledgeScope::CallType("MSG".into()),
            StandardOfPractice,
        ),
        item(
            "K-4",
            "S-11",
            "how cardiology wants to be paged",
            "page twice within ten minutes, then call the desk",
            KnowledgeScope::Provider("cardiology".into()),
            WorkingPreference,
        ),
    ]
}

/// The first item that is missing, or due to be looked at again; then its verification.
pub(crate) fn captured(scene: &Scene<'_>) -> Option<Move> {
    let t = scene.t;
    let today = t.today(scene.now);
    let soon = today.saturating_add(EARLY_DAYS.days());
    let exists = |item: &KnowledgeItem| match &item.scope {
        KnowledgeScope::Line(line) => t.line(line).is_some(),
        _ => true,
    };
    let wanting = |item: &KnowledgeItem| {
        let known = t.knowledge.get(&item.item);
        exists(item) && known.is_none_or(|known| known.item.review_by < soon)
    };
    let items: Vec<_> = told(today).into_iter().filter(wanting).collect();
    if !items.is_empty() {
        let capture = CaptureKnowledge { items };
        return Some(Move::say(of(Side::Client, Role::TestCaller), capture));
    }
    let open = t
        .knowledge
        .all()
        .filter(|known| known.verified_by.is_none());
    let items: Vec<_> = open.map(|known| known.item.item.clone()).collect();
    let verify = VerifyKnowledge {
        items,
        reference: "binder 6".into(),
    };
    (!verify.items.is_empty()).then(|| Move::say(of(Side::Client, Role::Implementation), verify))
}
