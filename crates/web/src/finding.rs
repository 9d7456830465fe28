//! The sentence a page opens with, derived from the facts: what is so, what holds things up, who
//! acts. It never claims more than the facts say.

use crate::format::{Clock, count};
use crate::view::{Aspect, HomeLatch, LiveView};

/// A finding: the aspect line, the heading and the sentence after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) status: Option<(Aspect, String)>,
    pub(crate) title: String,
    pub(crate) lead: String,
}

/// The finding of the live and the duty page.
pub(crate) fn of(view: &LiveView) -> Finding {
    if let Some(latch) = view
        .home
        .iter()
        .find(|l| l.scope == crate::console::SCOPE_ALL)
    {
        return home(view, latch);
    }
    if let Some(alarm) = &view.alarm {
        return Finding {
            status: Some((Aspect::Harm, alarm.what.clone())),
            title: alarm.title.clone(),
            lead: alarm.detail.clone(),
        };
    }
    unknown(view)
        .or_else(|| partly_home(view))
        .unwrap_or_else(|| agreed(view))
}

/// How far a press has got, in the words every page uses.
pub(crate) fn home_status(clock: &Clock, latch: &HomeLatch) -> (Aspect, String) {
    let nodes = format!("{} of {}", latch.nodes_home, latch.nodes_total);
    if latch.nodes_home < latch.nodes_total {
        (Aspect::Harm, format!("Home on {nodes} nodes"))
    } else if let Some(at) = latch.verified_at {
        (
            Aspect::Proved,
            format!("Home, verified {}", clock.second(at).text),
        )
    } else {
        (Aspect::Hold, format!("Home on {nodes}, not verified yet"))
    }
}

fn home(view: &LiveView, latch: &HomeLatch) -> Finding {
    let clock = Clock::new(&view.zone);
    let title = match (latch.nodes_home < latch.nodes_total, latch.verified_at) {
        (true, _) => {
            format!(
                "New calls go home on {} of {} nodes.",
                latch.nodes_home, latch.nodes_total
            )
        }
        (false, Some(_)) => "Every call is answered in-house.".to_owned(),
        (false, None) => "Every new call goes home.".to_owned(),
    };
    let verified = latch.verified_at.map_or_else(
        || "No person in-house has answered a call yet.".to_owned(),
        |at| {
            let after = at.as_second().saturating_sub(latch.pressed_at.as_second());
            let after = crate::format::duration_s(u64::try_from(after).unwrap_or(0));
            format!("A person in-house answered a call {after} later.")
        },
    );
    let pending = if latch.journalled {
        ""
    } else {
        " Journalling is pending."
    };
    let pressed = clock.second(latch.pressed_at).text;
    let lead = format!("Pressed {pressed} by {}. {verified}{pending}", latch.by);
    Finding {
        status: Some(home_status(&clock, latch)),
        title,
        lead,
    }
}

fn unknown(view: &LiveView) -> Option<Finding> {
    let reached: Vec<_> = view.nodes.iter().filter(|n| n.reachable).collect();
    if reached.is_empty() {
        return Some(Finding {
            status: Some((Aspect::Unknown, "No data".to_owned())),
            title: "Where calls go now is not known.".to_owned(),
            lead: "No routing node answers this page. Bringing calls home still works here \
                   and by the command line."
                .to_owned(),
        });
    }
    let first = reached.first().and_then(|n| n.table_hash.as_ref());
    let same = reached.iter().all(|n| n.table_hash.as_ref() == first);
    if same && reached.len() == view.nodes.len() {
        return None;
    }
    let (word, title) = if same {
        ("A node does not answer", "One node’s calls cannot be seen.")
    } else {
        ("Tables differ", "The nodes do not all run the same table.")
    };
    let silent: Vec<_> = view
        .nodes
        .iter()
        .filter(|n| !n.reachable)
        .map(|n| n.id.as_str())
        .collect();
    let lead = if silent.is_empty() {
        "Nothing may go forward until they agree. A telephony engineer looks at the nodes."
            .to_owned()
    } else {
        format!(
            "No answer from {}. A telephony engineer looks at it.",
            silent.join(", ")
        )
    };
    Some(Finding {
        status: Some((Aspect::Hold, word.to_owned())),
        title: title.to_owned(),
        lead,
    })
}

fn partly_home(view: &LiveView) -> Option<Finding> {
    let latch = view.home.first()?;
    let clock = Clock::new(&view.zone);
    let (aspect, status) = home_status(&clock, latch);
    let what: Vec<_> = view.home.iter().map(|l| l.scope.as_str()).collect();
    let what = what.join(", ");
    Some(Finding {
        status: Some((aspect, format!("{}: {status}", latch.scope))),
        title: format!("New calls of {what} go home."),
        lead: format!(
            "Pressed {} by {}. All other calls go where they were agreed.",
            clock.second(latch.pressed_at).text,
            latch.by
        ),
    })
}

fn agreed(view: &LiveView) -> Finding {
    let chunks = || view.lines.iter().flat_map(|l| &l.chunks);
    let waiting = chunks().filter(|c| !c.locks.is_empty()).count();
    let so = if chunks().all(|c| c.out_percent == Some(0)) {
        "Every call goes in-house."
    } else {
        "Calls go where they were agreed."
    };
    let title = match waiting {
        0 => so.to_owned(),
        1 => format!("{so} One chunk waits."),
        n => format!("{so} {} chunks wait.", count(n as u64)),
    };
    let lead = chunks()
        .find_map(|c| c.locks.first().map(|lock| (c, lock)))
        .map_or_else(
            || "Nothing is locked. A step up needs both signatures and green gates.".to_owned(),
            |(c, lock)| {
                format!(
                    "{} waits for: {}. Who can fix it: {}.",
                    c.code,
                    first_few(&lock.missing),
                    trim_stop(&lock.who)
                )
            },
        );
    Finding {
        status: None,
        title,
        lead,
    }
}

/// The first things missing; the section below lists them all.
fn first_few(missing: &[String]) -> String {
    const SHOWN: usize = 2;
    let shown = missing
        .iter()
        .take(SHOWN)
        .map(|item| trim_stop(item))
        .collect::<Vec<_>>()
        .join("; ");
    match missing.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {} more", count(more as u64)),
    }
}

fn trim_stop(sentence: &str) -> &str {
    sentence.trim_end_matches('.')
}
