//! The discovery page's view: the call history is understood once for each state of the store, off the pages' threads.

use super::Shared;
use super::acts::{not_let_in, refusal_view};
use crate::clock;
use crate::discovery::{Reader, request, view};
use crate::histories::Counted;
use segue_calls::store::{CallStore, StoreState};
use segue_calls::understanding::{Request, Understanding, understand};
use segue_domain::Transition;
use segue_domain::compliance::require_records_allowed;
use segue_journal::accounts::Door;
use segue_web::discovery::DiscoveryView;
use segue_web::{ActError, Person};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of the call history, and of which state of it.
#[derive(Default)]
pub(super) struct History {
    last: Option<(Key, Arc<Understanding>)>,
}

/// What the understanding rests on: the store and the holidays.
#[derive(PartialEq, Eq)]
struct Key {
    store: StoreState,
    holidays: BTreeMap<jiff::civil::Date, String>,
}

impl Shared {
    /// Who reads call records. The callers are the client's: whoever is not of the client waits for the agreements (A1).
    pub(super) async fn records_reader(
        &self,
        t: &Transition,
        person: &Person,
    ) -> Result<Reader, ActError> {
        let actor = self.people.actor(person, Door::Password).await;
        let reader = Reader::of(actor.map_err(not_let_in)?.side);
        if reader.is_limited() {
            require_records_allowed(t, clock::now())
                .map_err(|refusal| ActError::Refused(Box::new(refusal_view(refusal))))?;
        }
        Ok(reader)
    }
}

/// The view for one reader.
pub(super) async fn show(
    shared: Arc<Shared>,
    person: Person,
    quarantine_from: u64,
) -> Result<DiscoveryView, ActError> {
    let t = shared.transition();
    let reader = Reader {
        quarantine_from,
        ..shared.records_reader(&t, &person).await?
    };
    let counted = if reader.is_limited() {
        Some(shared.hours(Arc::clone(&t)).await?)
    } else {
        None
    };
    // A task of its own: whoever stops waiting for a long history finds it done the next time.
    let task = tokio::spawn(async move {
        let calls = shared
            .data
            .calls(None)
            .map_err(|failure| failure.to_string())?;
        let mut history = shared.history.lock().await;
        let known = history.last.take();
        let work = move || {
            let now = clock::now();
            let (key, found) = read(&calls, &request(&t), known)?;
            let disclosed = counted.as_deref().map(Counted::disclosed);
            let view = view(&t, &calls, &found, reader, disclosed, now)?;
            Ok::<_, segue_calls::error::CallsError>(((key, found), view))
        };
        let (known, view) = tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())?;
        history.last = Some(known);
        Ok::<_, String>(view)
    });
    task.await
        .map_err(|error| error.to_string())
        .flatten()
        .map_err(|message| ActError::Unavailable { message })
}

/// The history as the store has it now; nothing is read again while neither store nor holidays change.
fn read(
    calls: &CallStore,
    request: &Request,
    known: Option<(Key, Arc<Understanding>)>,
) -> Result<(Key, Arc<Understanding>), segue_calls::error::CallsError> {
    let key = Key {
        store: calls.manifest()?.state(),
        holidays: request.holidays.clone(),
    };
    if let Some(known) = known.filter(|(of, _)| *of == key) {
        return Ok(known);
    }
    let found = understand(calls, request)?;
    Ok((key, Arc::new(found)))
}
