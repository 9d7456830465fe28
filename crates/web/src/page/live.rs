//! The live page and its parts. Each part is a fragment that the event stream or the poll may
//! replace on its own; the page is the same parts put together, so it works without script.

use crate::console::Person;
use crate::finding::{self, Finding};
use crate::format::{self, Clock, TimeTag};
use crate::page::failure::render;
use crate::page::parts::{Join, Journal, Locks, Nodes};
use crate::page::{Chrome, Failure, Room};
use crate::secret::FormCookie;
use crate::session;
use crate::state::App;
use crate::track::{HourBar, Place, Track};
use crate::view::{ChunkView, LineView, LiveView, SideNow, StateView};
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
