//! Pages: what all of them share, and one file per page.

pub(crate) mod account;
pub(crate) mod boards;
pub(crate) mod calendar;
pub(crate) mod discovery;
pub(crate) mod draft;
pub(crate) mod duty;
pub(crate) mod failure;
pub(crate) mod home;
pub(crate) mod live;
pub(crate) mod login;
pub(crate) mod my_calls;
pub(crate) mod nodes;
pub(crate) mod parity;
mod parts;
pub(crate) mod second_step;
pub(crate) mod sign;
pub(crate) mod sign_on;
pub(crate) mod week;

pub(crate) use failure::Failure;

use crate::console::{Person, SCOPE_ALL};
use crate::format::{Clock, TimeTag};
use crate::secret::{self, FormCookie};
use crate::state::App;
use crate::view::{LiveView, PhaseState};

/// The frame of every page: header, phase line and the home control.
pub(crate) struct Chrome {
    pub(crate) title: String,
    pub(crate) room: Room,
    /// Set on every signed-in page; a visitor sees neither parties nor state.
    pub(crate) signed_in: Option<SignedIn>,
    pub(crate) example: bool,
    pub(crate) minute: TimeTag,
    pub(crate) weekday: TimeTag,
    pub(crate) csrf: String,
    pub(crate) home: HomePanel,
}

/// The page that the navigation marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Live,
    Discovery,
    Plan,
    Parity,
    Boards,
    Duty,
    Other,
}

/// What only signed-in people see in the frame.
pub(crate) struct SignedIn {
    pub(crate) transition: String,
    pub(crate) who: String,
    pub(crate) phases: Vec<PhaseRow>,
}

/// One step of the phase line.
pub(crate) struct PhaseRow {
    pub(crate) class: &'static str,
    pub(crate) now: bool,
    pub(crate) name: String,
    pub(crate) note: String,
}

/// The home control. Without a session it asks for name and duty PIN.
pub(crate) struct HomePanel {
    pub(crate) command: String,
    pub(crate) asks_pin: bool,
    pub(crate) first_line: (&'static str, &'static str),
    pub(crate) scopes: Vec<HomeScope>,
    /// The duty page holds the control in its text, not in the header.
    pub(crate) in_page: bool,
    /// Opened by the server after a refused press.
    pub(crate) open: bool,
    pub(crate) typed_user: String,
    pub(crate) error: Option<String>,
}

/// One choice of "Which calls?".
pub(crate) struct HomeScope {
    pub(crate) scope: String,
    pub(crate) label: String,
    pub(crate) expected: Option<String>,
    pub(crate) checked: bool,
}

impl Chrome {
    /// The frame around a page of this visitor.
    pub(crate) fn new(
        app: &App,
        view: &LiveView,
        person: Option<&Person>,
        form: &FormCookie,
        room: Room,
        title: &str,
    ) -> Result<Self, secret::NoRandom> {
        let clock = Clock::new(&view.zone);
        let title = if person.is_some() {
            format!("{title} · {} · Segue", view.transition)
        } else {
            format!("{title} · Segue")
        };
        Ok(Self {
            title,
            room,
            signed_in: person.map(|p| SignedIn::new(view, p, &clock)),
            example: view.example,
            minute: clock.minute(view.as_of),
            weekday: clock.weekday(view.as_of),
            csrf: form.token(&app.settings.key),
            home: HomePanel::new(view, person.is_some())?,
        })
    }
}

impl SignedIn {
    fn new(view: &LiveView, person: &Person, clock: &Clock) -> Self {
        let phases = view.phases.iter().map(|phase| PhaseRow {
            class: match phase.state {
                PhaseState::Done => "done",
                PhaseState::Now => "now",
                PhaseState::Shut => "shut",
            },
            now: phase.state == PhaseState::Now,
            name: phase.name.clone(),
            note: match phase.at {
                Some(at) => format!("{} {}", phase.note, clock.day(at).text),
                None => phase.note.clone(),
            },
        });
        Self {
            transition: view.transition.clone(),
            who: format!("{}, {}", person.role, person.party),
            phases: phases.collect(),
        }
    }
}

impl HomePanel {
    fn new(view: &LiveView, signed_in: bool) -> Result<Self, secret::NoRandom> {
        Ok(Self {
            command: secret::random_id()?,
            asks_pin: !signed_in,
            first_line: first_line(view, signed_in),
            scopes: scopes(view, signed_in),
            in_page: false,
            open: false,
            typed_user: String::new(),
            error: None,
        })
    }

    /// Keeps what a person chose when the form comes back to them.
    pub(crate) fn choose(&mut self, scope: &str) {
        if self.scopes.iter().any(|s| s.scope == scope) {
            for choice in &mut self.scopes {
                choice.checked = choice.scope == scope;
            }
        }
    }
}

fn first_line(view: &LiveView, signed_in: bool) -> (&'static str, &'static str) {
    let chunks = || view.lines.iter().flat_map(|l| &l.chunks);
    if signed_in && view.home.iter().any(|l| l.scope == SCOPE_ALL) {
        (
            "Every call is sent home already.",
            "Pressing again changes nothing and is no second incident.",
        )
    } else if signed_in && chunks().next().is_some() && chunks().all(|c| c.out_percent == Some(0)) {
        (
            "No call goes out now.",
            "Pressing is harmless: calls stay in-house until both parties agree again.",
        )
    } else {
        (
            "New calls will ring in-house within 60\u{a0}s.",
            "Calls in progress finish where they are.",
        )
    }
}

/// A visitor can bring home every call and nothing less: the parts would tell who works here.
fn scopes(view: &LiveView, signed_in: bool) -> Vec<HomeScope> {
    let every = HomeScope {
        scope: SCOPE_ALL.to_owned(),
        label: "Every call of this transition".to_owned(),
        expected: None,
        checked: true,
    };
    if !signed_in || view.scopes.is_empty() {
        return vec![every];
    }
    let choices = view.scopes.iter().enumerate().map(|(i, s)| HomeScope {
        scope: s.scope.clone(),
        label: s.label.clone(),
        expected: s.expected.clone(),
        checked: i == 0,
    });
    choices.collect()
}
