//! The live page and its parts. Each part is a fragment that the event stream or the poll may
//! replace on its own; the page is the same parts put together, so it works without script.

use crate::console::Person;
use crate::finding::{self, Finding};
use crate::format::{self, Clock, TimeTag};
use crate::page::failure::render;
use crate::page::{Chrome, Failure, Room};
use crate::secret::FormCookie;
use crate::session;
use crate::state::App;
use crate::track::{HourBar, Place, Track};
use crate::view::{
    Aspect, ChunkView, JoinView, JournalEntry, LineView, LiveView, RefusalView, SideNow,
    SideTotals, StateView,
};
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;
use tower_sessions::Session;

/// A part of a page that updates on its own. The name is the event and the element's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) name: &'static str,
    pub(crate) html: String,
}

/// Renders the named parts of the live page.
pub(crate) fn fragments(view: &LiveView) -> Result<Vec<Fragment>, askama::Error> {
    let clock = Clock::new(&view.zone);
    Ok(vec![
        clock_fragment(view)?,
        announce_fragment(view)?,
        Fragment {
            name: "say",
            html: Say::new(view)?.render()?,
        },
        Fragment {
            name: "lines",
            html: Lines::new(view, &clock)?.render()?,
        },
        Fragment {
            name: "join",
            html: Join::new(view, &clock).render()?,
        },
        Fragment {
            name: "locks",
            html: Locks::new(view).render()?,
        },
        Fragment {
            name: "nodes",
            html: Nodes::new(view).render()?,
        },
        Fragment {
            name: "journal",
            html: Journal::new(view, &clock).render()?,
        },
    ])
}

/// The clock in the header: the time of the facts shown.
pub(crate) fn clock_fragment(view: &LiveView) -> Result<Fragment, askama::Error> {
    let clock = Clock::new(&view.zone);
    let part = ClockPart {
        minute: clock.minute(view.as_of),
        weekday: clock.weekday(view.as_of),
    };
    Ok(Fragment {
        name: "clock",
        html: part.render()?,
    })
}

/// What a screen reader is told: only verdicts, never counts.
pub(crate) fn announce_fragment(view: &LiveView) -> Result<Fragment, askama::Error> {
    let found = finding::of(view);
    Ok(Fragment {
        name: "announce",
        html: AnnouncePart { title: found.title }.render()?,
    })
}

#[derive(Template)]
#[template(path = "part/clock.html")]
struct ClockPart {
    minute: TimeTag,
    weekday: TimeTag,
}

#[derive(Template)]
#[template(source = "{{ title }}", ext = "html")]
struct AnnouncePart {
    title: String,
}

#[derive(Template)]
#[template(path = "part/say.html")]
struct Say {
    finding: Finding,
    hour: Option<String>,
    hour_note: String,
}

impl Say {
    fn new(view: &LiveView) -> Result<Self, askama::Error> {
        let clock = Clock::new(&view.zone);
        let bar = view.last_hour.as_ref().and_then(|h| HourBar::new(view, h));
        let hour_note = view.last_hour.as_ref().map_or_else(String::new, |h| {
            let (from, to) = (clock.minute_bare(h.from), clock.minute(h.to).text);
            let most = h.agreed_out_percent_max.map_or_else(String::new, |max| {
                format!(" The agreed schedule allows at most {max}\u{a0}% out at this hour.")
            });
            format!("Calls offered {from} to {to}, all lines.{most}")
        });
        let hour = bar.map(|b| b.render()).transpose()?;
        Ok(Self {
            finding: finding::of(view),
            hour,
            hour_note,
        })
    }
}

#[derive(Template)]
#[template(path = "part/lines.html")]
struct Lines<'a> {
    outsourcer: &'a str,
    table: String,
    rows: Vec<LineRows<'a>>,
}

struct LineRows<'a> {
    line: &'a LineView,
    last_resort: String,
    chunks: Vec<ChunkRows<'a>>,
}

struct ChunkRows<'a> {
    chunk: &'a ChunkView,
    track: String,
    in_house: SideCells,
    outsourced: SideCells,
    state: &'a StateView,
    state_at: Option<TimeTag>,
}

struct SideCells {
    share: String,
    live: String,
    p90: String,
    waiting: String,
}

impl SideCells {
    fn new(chunk: &ChunkView, percent: Option<u8>, side: SideNow) -> Self {
        let share = if chunk.window_open {
            format::percent_or_dash(percent)
        } else {
            "closed".to_owned()
        };
        Self {
            share,
            live: format::count_or_dash(side.live_calls),
            p90: format::seconds_or_dash(side.p90_wait_s),
            waiting: format::waiting(side.waiting_calls, side.longest_wait_s),
        }
    }
}

impl<'a> Lines<'a> {
    fn new(view: &'a LiveView, clock: &Clock) -> Result<Self, askama::Error> {
        let lines: Result<_, askama::Error> = view
            .lines
            .iter()
            .map(|line| {
                let n = line.chunks.len();
                let chunks: Result<_, askama::Error> = line
                    .chunks
                    .iter()
                    .enumerate()
                    .map(|(i, c)| {
                        ChunkRows::new(
                            c,
                            Place {
                                first: i == 0,
                                last: i + 1 == n,
                            },
                            view,
                            clock,
                        )
                    })
                    .collect();
                let last_resort = match &line.last_resort {
                    None => String::new(),
                    Some(r) => match r.tested_at {
                        Some(at) => {
                            format!(
                                "{}, test-called {}",
                                r.what,
                                clock.near(at, view.as_of).text
                            )
                        }
                        None => format!("{}, not test-called yet", r.what),
                    },
                };
                Ok(LineRows {
                    line,
                    last_resort,
                    chunks: chunks?,
                })
            })
            .collect();
        Ok(Self {
            outsourcer: &view.outsourcer,
            table: table_note(view),
            rows: lines?,
        })
    }
}

impl<'a> ChunkRows<'a> {
    fn new(
        chunk: &'a ChunkView,
        place: Place,
        view: &LiveView,
        clock: &Clock,
    ) -> Result<Self, askama::Error> {
        let out = chunk.out_percent.map(|p| p.min(100));
        Ok(Self {
            chunk,
            track: Track::new(chunk, place).render()?,
            in_house: SideCells::new(chunk, out.map(|p| 100 - p), chunk.in_house),
            outsourced: SideCells::new(chunk, out, chunk.outsourced),
            state: &chunk.state,
            state_at: chunk.state.at.map(|at| clock.near(at, view.as_of)),
        })
    }
}

/// `Table 3f2a91c04d77 on 2 of 2 nodes, lease good for 4 min 40 s`
fn table_note(view: &LiveView) -> String {
    let reached = view.nodes.iter().filter(|n| n.reachable);
    let Some(hash) = reached.clone().find_map(|n| n.table_hash.as_deref()) else {
        return "No data: no node reports a table".to_owned();
    };
    let same = reached
        .clone()
        .filter(|n| n.table_hash.as_deref() == Some(hash));
    let lease = reached
        .filter_map(|n| n.lease_s_left)
        .min()
        .map_or_else(String::new, |s| {
            format!(", lease good for {}", format::duration_s(s))
        });
    format!(
        "Table {} on {} of {} nodes{lease}",
        format::short_hash(hash),
        same.count(),
        view.nodes.len()
    )
}

#[derive(Template)]
#[template(path = "part/join.html")]
struct Join<'a> {
    outsourcer: &'a str,
    since: Option<TimeTag>,
    rows: Vec<(&'static str, String, String)>,
    matched: (Aspect, String, String),
    unserved: (Aspect, String),
    view: &'a LiveView,
}

/// Below this share of matched records a verdict would rest on guesses (design, "The join").
const MATCH_PER_MILLE_MIN: u64 = 990;

impl<'a> Join<'a> {
    fn new(view: &'a LiveView, clock: &Clock) -> Self {
        let join = view.join.as_ref();
        Self {
            outsourcer: &view.outsourcer,
            since: join.map(|j| clock.second(j.since)),
            rows: join.map(join_rows).unwrap_or_default(),
            matched: join.map_or_else(no_match, match_rate),
            unserved: match join {
                None => (Aspect::Unknown, "No data".to_owned()),
                Some(j) if j.unserved == 0 => (Aspect::Proved, "none".to_owned()),
                Some(j) => (Aspect::Harm, format::count(j.unserved)),
            },
            view,
        }
    }
}

fn no_match() -> (Aspect, String, String) {
    (
        Aspect::Unknown,
        "No data".to_owned(),
        "Decisions with a record".to_owned(),
    )
}

fn match_rate(join: &JoinView) -> (Aspect, String, String) {
    if join.due == 0 {
        return no_match();
    }
    let what = format!(
        "{} of {} decisions have a record",
        format::count(join.matched),
        format::count(join.due)
    );
    let rate = format::ratio(join.matched, join.due);
    let enough =
        u128::from(join.matched) * 1000 >= u128::from(join.due) * u128::from(MATCH_PER_MILLE_MIN);
    if enough {
        (Aspect::Proved, rate, what)
    } else {
        (Aspect::Unknown, format!("No data, {rate}"), what)
    }
}

fn join_rows(join: &JoinView) -> Vec<(&'static str, String, String)> {
    let (i, o) = (&join.in_house, &join.outsourced);
    let abandoned = |s: &SideTotals| match (s.abandoned, s.offered) {
        (Some(a), Some(n)) if n > 0 => format!("{}, {}", format::count(a), format::ratio(a, n)),
        (a, _) => format::count_or_dash(a),
    };
    vec![
        (
            "Offered",
            format::count_or_dash(i.offered),
            format::count_or_dash(o.offered),
        ),
        (
            "Answered by a person",
            format::count_or_dash(i.answered),
            format::count_or_dash(o.answered),
        ),
        ("Abandoned", abandoned(i), abandoned(o)),
        (
            "90\u{a0}% within",
            format::seconds_or_dash(i.p90_wait_s),
            format::seconds_or_dash(o.p90_wait_s),
        ),
        (
            "Longest wait",
            format::seconds_or_dash(i.longest_wait_s),
            format::seconds_or_dash(o.longest_wait_s),
        ),
    ]
}

#[derive(Template)]
#[template(path = "part/locks.html")]
struct Locks<'a> {
    locks: Vec<(Vec<&'a str>, &'a RefusalView)>,
}

impl<'a> Locks<'a> {
    /// Chunks held by the same rule for the same reason are told once.
    fn new(view: &'a LiveView) -> Self {
        let mut locks: Vec<(Vec<&str>, &RefusalView)> = Vec::new();
        for chunk in view.lines.iter().flat_map(|l| &l.chunks) {
            for lock in &chunk.locks {
                match locks.iter_mut().find(|(_, known)| *known == lock) {
                    Some((codes, _)) => codes.push(&chunk.code),
                    None => locks.push((vec![&chunk.code], lock)),
                }
            }
        }
        Self { locks }
    }
}

#[derive(Template)]
#[template(path = "part/nodes.html")]
struct Nodes<'a> {
    nodes: Vec<NodeRow<'a>>,
}

struct NodeRow<'a> {
    id: &'a str,
    aspect: Aspect,
    word: &'static str,
    table: &'a str,
    position: String,
    lease: String,
}

impl<'a> Nodes<'a> {
    fn new(view: &'a LiveView) -> Self {
        let nodes = view.nodes.iter().map(|node| {
            let (aspect, word) = match (node.reachable, node.home, &node.table_hash) {
                (false, _, _) => (Aspect::Unknown, "No answer"),
                (true, true, _) => (Aspect::Proved, "Home"),
                (true, false, None) => (Aspect::Hold, "No table: in-house"),
                (true, false, Some(_)) => (Aspect::Proved, "By the table"),
            };
            NodeRow {
                id: &node.id,
                aspect,
                word,
                table: node.table_hash.as_deref().map_or("", format::short_hash),
                position: format::count_or_dash(node.position),
                lease: node
                    .lease_s_left
                    .map_or_else(|| format::DASH.to_owned(), format::duration_s),
            }
        });
        Self {
            nodes: nodes.collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "part/journal.html")]
struct Journal<'a> {
    zone: String,
    entries: Vec<(TimeTag, String, &'a JournalEntry)>,
    chain: (Aspect, String),
}

impl<'a> Journal<'a> {
    fn new(view: &'a LiveView, clock: &Clock) -> Self {
        let entries = view.journal.iter().map(|entry| {
            (
                clock.second_bare(entry.at),
                format::count(entry.position),
                entry,
            )
        });
        let chain = match &view.chain {
            None => (Aspect::Unknown, "Chain not verified yet.".to_owned()),
            Some(c) => {
                let at = clock.second(c.at).text;
                let position = format::count(c.position);
                if c.ok {
                    (
                        Aspect::Proved,
                        format!("Chain verified to {position} at {at}."),
                    )
                } else {
                    (
                        Aspect::Harm,
                        format!(
                            "Chain broken at {position}, found {at}. Run segue journal verify."
                        ),
                    )
                }
            }
        };
        Self {
            zone: clock.zone_name(view.as_of),
            entries: entries.collect(),
            chain,
        }
    }
}

#[derive(Template)]
#[template(path = "live.html")]
struct LivePage {
    chrome: Chrome,
    parts: Vec<Fragment>,
}

impl LivePage {
    fn part(&self, name: &str) -> &str {
        self.parts
            .iter()
            .find(|p| p.name == name)
            .map_or("", |p| p.html.as_str())
    }
}

/// `GET /`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(form): Extension<FormCookie>,
    session: Session,
) -> Result<Response, Failure> {
    let Some(person) = session::acting_person(&session).await else {
        return Ok(Redirect::to("/login").into_response());
    };
    page(&app, &person, &form)
}

fn page(app: &App, person: &Person, form: &FormCookie) -> Result<Response, Failure> {
    let view = app.view();
    let chrome = Chrome::new(app, &view, Some(person), form, Room::Live, "Live")?;
    render(
        StatusCode::OK,
        &LivePage {
            chrome,
            parts: fragments(&view)?,
        },
    )
}
