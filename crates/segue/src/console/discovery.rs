//! The discovery page's view: the call history is understood once for each state of the store, off the pages' threads.

use super::Shared;
use super::acts::not_let_in;
use crate::clock;
use crate::discovery::{Reader, request, view};
use segue_calls::store::CallStore;
use segue_calls::understanding::{Request, Understanding, understand};
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

/// What the understanding rests on: the store's imports and the holidays.
#[derive(PartialEq, Eq)]
struct Key {
    imports: String,
    holidays: BTreeMap<jiff::civil::Date, String>,
}

/// The view for one reader.
pub(super) async fn show(
    shared: Arc<Shared>,
    person: Person,
    quarantine_from: u64,
) -> Result<DiscoveryView, ActError> {
    let actor = shared
        .people
        .actor(&person, Door::Password)
        .await
        .map_err(not_let_in)?;
    let reader = Reader {
        side: actor.side,
        quarantine_from,
    };
    // A task of its own: whoever stops waiting for a long history finds it done the next time.
    let task = tokio::spawn(async move {
        let t = shared.transition();
        let calls = CallStore::new(shared.data.path("calls"));
        let mut history = shared.history.lock().await;
        let known = history.last.take();
        let work = move || {
            let now = clock::now();
            let (key, found) = read(&calls, &request(&t), known)?;
            let view = view(&t, &calls, &found, reader, now)?;
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

/// The history as the store has it now; nothing is read again while neither imports nor holidays change.
fn read(
    calls: &CallStore,
    request: &Request,
    known: Option<(Key, Arc<Understanding>)>,
) -> Result<(Key, Arc<Understanding>), segue_calls::error::CallsError> {
    let manifest = calls.manifest()?;
    let last = manifest.imports.last();
    let key = Key {
        imports: last.map_or_else(String::new, |import| {
            format!("{} {}", import.id, import.imported_at)
        }),
        holidays: request.holidays.clone(),
    };
    if let Some(known) = known.filter(|(of, _)| *of == key) {
        return Ok(known);
    }
    let found = understand(calls, request)?;
    Ok((key, Arc::new(found)))
}
