//! Where the other nodes are. Names are asked for beside the loop that talks, each by itself and with a bound: a resolver that
//! is slow or gone never keeps a word waiting, and the last address known stays in use.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::lookup_host;

/// How long an answer about a name is waited for.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// How often a name that is known is asked for again: a node may move.
const AGAIN: Duration = Duration::from_secs(30);
/// The same for one that is not known yet.
const UNKNOWN_AGAIN: Duration = Duration::from_secs(2);

/// `HOST:PORT` of every other node, and the address behind it as far as it is known.
#[derive(Debug)]
pub(super) struct Places {
    names: Vec<String>,
    known: Mutex<BTreeMap<String, SocketAddr>>,
}

impl Places {
    /// Addresses are known at once; names from [`Self::keep_resolved`] on.
    pub(super) fn new<'a>(places: impl Iterator<Item = &'a String>) -> Self {
        let (mut names, mut known) = (Vec::new(), BTreeMap::new());
        for place in places {
            match place.parse() {
                Ok(address) => drop(known.insert(place.clone(), address)),
                Err(_) => names.push(place.clone()),
            }
        }
        Self {
            names,
            known: Mutex::new(known),
        }
    }

    /// The addresses known now.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().copied().collect()
    }

    /// Asks for every name until the process ends.
    pub(super) async fn keep_resolved(self: Arc<Self>) {
        let mut asking = tokio::task::JoinSet::new();
        for name in self.names.clone() {
            asking.spawn(Arc::clone(&self).keep_one_resolved(name));
        }
        while asking.join_next().await.is_some() {}
    }

    async fn keep_one_resolved(self: Arc<Self>, name: String) {
        let mut is_known = false;
        loop {
            let answer = tokio::time::timeout(ANSWER_WAIT, lookup_host(&name)).await;
            let found = answer
                .ok()
                .and_then(Result::ok)
                .and_then(|mut all| all.next());
            if let Some(address) = found {
                is_known = true;
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.insert(name.clone(), address);
            } else {
                tracing::warn!(name, is_known, "the address of a node is not found");
            }
            tokio::time::sleep(if is_known { AGAIN } else { UNKNOWN_AGAIN }).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_are_known_at_once_and_names_once_they_are_found() {
        let names = ["127.0.0.1:7946", "localhost:7947", "nobody.invalid:7948"];
        let names = names.map(str::to_owned);
        let places = Arc::new(Places::new(names.iter()));
        assert_eq!(places.addresses(), ["127.0.0.1:7946".parse().unwrap()]);
        let resolving = tokio::spawn(Arc::clone(&places).keep_resolved());
        for _ in 0..100 {
            if places.addresses().len() == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let ports: Vec<_> = places.addresses().iter().map(SocketAddr::port).collect();
        assert_eq!(ports, [7_946, 7_947]);
        resolving.abort();
    }
}
