//! Discovery: its items, and both signatures.

use super::{Phrase, given, when};
use crate::sign;
use crate::steps::{act, reach, sends};
use crate::trouble::same;
use crate::words::{number, quoted};
use segue_domain::discovery::{CompleteDiscoveryItem, OpenDiscovery, SignDiscovery};
use segue_example::Goal;

pub(super) const PHRASES: &[Phrase] = &[
    given("{n} of 11 discovery items open", |w| {
        let open = number(w[0])?;
        act(move |world| {
            Box::pin(async move {
                world.walk(&Goal::Discovering { open }).await?;
                let came = world.state().await?.discovery.open_items().len();
                same(format!("{open} open items"), format!("{came} open items"))
            })
        })
    }),
    given("discovery signed by both", |_| reach(Goal::Discovered)),
    when("{person} opens discovery", |w| {
        sends(w[0], OpenDiscovery { items: Vec::new() })
    }),
    when("{person} completes {\"item\"}", |w| {
        let (item, evidence) = (quoted(w[1])?, "minutes of the visit".into());
        sends(w[0], CompleteDiscoveryItem { item, evidence })
    }),
    when("{person} signs discovery", |w| {
        let signature = sign::later();
        sends(w[0], SignDiscovery { signature })
    }),
];
