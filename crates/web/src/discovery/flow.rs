//! The ways calls go, drawn as a tree from the number dialled to how they end. What no written flow names is dashed and
//! says so; what is written down and no call took is drawn empty.

use super::Count;
use super::bars::short;
use crate::parity::picture::escaped;
use serde::Serialize;
use std::fmt::Write as _;

const COLUMN: f64 = 200.0;
const BOX: f64 = 152.0;
const BOX_HEIGHT: f64 = 36.0;
const ROW: f64 = 50.0;
/// The widest band; all calls of the line.
const BAND: f64 = 30.0;
const NAME_CHARS_MAX: usize = 20;
/// Steps drawn of one way; the table has them all.
const STEPS_MAX: usize = 4;

/// The ways of one line.
#[derive(Clone, Debug, Serialize)]
pub struct FlowView {
    /// The line, as the records have it.
    pub line: String,
    /// Contacts on it.
    pub contacts: Count,
    /// Its ways, most travelled first.
    pub paths: Vec<PathView>,
    /// Contacts on further ways, in words.
    pub others: Option<String>,
    /// The written flow, step by step; nothing while none is written down.
    pub written: Option<Vec<String>>,
    /// Call types that the written flow leads to and no call reached.
    pub unseen: Vec<String>,
}

/// One way.
#[derive(Clone, Debug, Serialize)]
pub struct PathView {
    /// Its steps.
    pub steps: Vec<FlowStep>,
    /// How it ended.
    pub ending: String,
    /// Contacts.
    pub contacts: Count,
    /// Mean wait and handling, in words.
    pub times: String,
}

/// One step of a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowStep {
    /// The queue, type or transfer.
    pub name: String,
    /// Whether the written flow names it; true where none is written down at all, which is said once.
    pub written: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Step,
    NotWritten,
    Unseen,
    Ending,
}

struct Node {
    name: String,
    kind: Kind,
    contacts: Count,
    times: String,
    children: Vec<Node>,
}

impl Node {
    fn new(name: String, kind: Kind) -> Self {
        Self {
            name,
            kind,
            contacts: Count::Known(0),
            times: String::new(),
            children: Vec::new(),
        }
    }

    /// Adds what goes through; a sum with something withheld is withheld.
    fn add(&mut self, contacts: Count) {
        self.contacts = match (self.contacts, contacts) {
            (Count::Known(a), Count::Known(b)) => Count::Known(a + b),
            _ => Count::Withheld,
        };
    }

    fn child(&mut self, name: &str, kind: Kind) -> Option<&mut Self> {
        let known = |node: &Self| node.name == name && node.kind == kind;
        let known = self.children.iter().position(known);
        let at = known.unwrap_or(self.children.len());
        if known.is_none() {
            self.children.push(Self::new(name.to_owned(), kind));
        }
        self.children.get_mut(at)
    }

    fn leaves(&self) -> f64 {
        if self.children.is_empty() {
            1.0
        } else {
            self.children.iter().map(Self::leaves).sum()
        }
    }

    fn depth(&self) -> f64 {
        let deepest = self.children.iter().map(Self::depth);
        1.0 + deepest.fold(0.0, f64::max)
    }
}

fn tree(flow: &FlowView) -> Node {
    let mut root = Node::new(flow.line.clone(), Kind::Step);
    root.contacts = flow.contacts;
    for path in &flow.paths {
        let mut at = &mut root;
        let more = path.steps.len().saturating_sub(STEPS_MAX);
        for step in path.steps.iter().take(STEPS_MAX) {
            let kind = if step.written {
                Kind::Step
            } else {
                Kind::NotWritten
            };
            let Some(next) = at.child(&step.name, kind) else {
                return root;
            };
            next.add(path.contacts);
            at = next;
        }
        let ending = if more > 0 {
            format!("{} (+{more} steps)", path.ending)
        } else {
            path.ending.clone()
        };
        if let Some(leaf) = at.child(&ending, Kind::Ending) {
            leaf.add(path.contacts);
            leaf.times.clone_from(&path.times);
        }
    }
    for name in &flow.unseen {
        root.children.push(Node::new(name.clone(), Kind::Unseen));
    }
    root
}

/// The drawing of one line's ways; nothing where no call was seen.
pub(super) fn svg(flow: &FlowView, id: &str) -> String {
    if flow.paths.is_empty() {
        return String::new();
    }
    let root = tree(flow);
    let (width, height) = (root.depth() * COLUMN + 60.0, root.leaves() * ROW + 8.0);
    let mut out = format!(
        "<svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">Ways of calls to {}</title><desc id=\"{id}-d\">{}</desc>",
        escaped(&flow.line),
        escaped(&described(flow))
    );
    let most = flow.contacts.known().unwrap_or(0);
    draw(&mut out, &root, (0.0, 4.0), most);
    out.push_str("</svg>");
    out
}

/// One sentence for each way, for those who do not see it.
fn described(flow: &FlowView) -> String {
    let mut says = String::new();
    for path in &flow.paths {
        let steps: Vec<String> = path.steps.iter().map(FlowStep::words).collect();
        // Writing to a text cannot fail.
        let _ = write!(
            says,
            "{} contacts: {}. ",
            path.contacts,
            [steps, vec![path.ending.clone()]].concat().join(", then ")
        );
    }
    for name in &flow.unseen {
        let _ = write!(says, "Written down, and no call reached it: {name}. ");
    }
    says
}

impl FlowStep {
    /// The step in words, with what is wrong about it.
    pub(crate) fn words(&self) -> String {
        if self.written {
            self.name.clone()
        } else {
            format!("{} (not in the written flow)", self.name)
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "widths in a drawing: an error of 2^-53 is no pixel"
)]
fn band(contacts: Count, most: u64) -> f64 {
    let part = contacts.known().unwrap_or(0) as f64 / most.max(1) as f64;
    (part * BAND).clamp(1.0, BAND)
}

/// Draws a node in the middle of its leaves' rows, its bands before its children.
fn draw(out: &mut String, node: &Node, (x, top): (f64, f64), most: u64) -> f64 {
    let middle = top + node.leaves() * ROW / 2.0 - (ROW - BOX_HEIGHT) / 2.0;
    let mut below = top;
    for child in &node.children {
        let to = below + child.leaves() * ROW / 2.0 - (ROW - BOX_HEIGHT) / 2.0;
        let (from_x, to_x) = (x + BOX, x + COLUMN);
        let bend = f64::midpoint(from_x, to_x);
        let (class, width) = if child.kind == Kind::Unseen {
            ("un", 1.0)
        } else {
            ("way", band(child.contacts, most))
        };
        // Writing to a text cannot fail.
        let _ = write!(
            out,
            "<path class=\"{class}\" stroke-width=\"{width:.1}\" d=\"M{from_x:.1} {middle:.1}C{bend:.1} {middle:.1} {bend:.1} {to:.1} {to_x:.1} {to:.1}\"/>"
        );
        draw(out, child, (x + COLUMN, below), most);
        below += child.leaves() * ROW;
    }
    name(out, node, x, middle);
    middle
}

fn name(out: &mut String, node: &Node, x: f64, middle: f64) {
    let (edge, second) = match node.kind {
        Kind::Step => ("class=\"pa\"", format!("{} contacts", node.contacts)),
        Kind::NotWritten => (
            "class=\"pa\" stroke-width=\"2\" stroke-dasharray=\"5 3\"",
            format!("{}, not written down", node.contacts),
        ),
        Kind::Unseen => ("class=\"bk\" stroke-dasharray=\"2 3\"", "no call".into()),
        Kind::Ending => ("", format!("{} {}", node.contacts, node.times)),
    };
    if !edge.is_empty() {
        let _ = write!(
            out,
            "<rect {edge} x=\"{x:.1}\" y=\"{:.1}\" width=\"{BOX}\" height=\"{BOX_HEIGHT}\"/>",
            middle - BOX_HEIGHT / 2.0
        );
    }
    let left = x + 7.0;
    let _ = write!(
        out,
        "<text x=\"{left:.1}\" y=\"{:.1}\" class=\"b halo\">{}</text><text x=\"{left:.1}\" y=\"{:.1}\" class=\"s halo\">{}</text>",
        middle - 3.0,
        escaped(&short(&node.name, NAME_CHARS_MAX)),
        middle + 12.0,
        escaped(second.trim_end())
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(steps: &[(&str, bool)], ending: &str, contacts: u64) -> PathView {
        PathView {
            steps: steps
                .iter()
                .map(|(name, written)| FlowStep {
                    name: (*name).into(),
                    written: *written,
                })
                .collect(),
            ending: ending.into(),
            contacts: Count::Known(contacts),
            times: "wait 20 s".into(),
        }
    }

    fn flow() -> FlowView {
        FlowView {
            line: "+1 800 <555>".into(),
            contacts: Count::Known(1_000),
            paths: vec![
                path(&[("MSG", true)], "answered", 700),
                path(&[("MSG", true)], "abandoned", 100),
                path(&[("MSG", true), ("voicemail", false)], "answered", 200),
            ],
            others: None,
            written: Some(vec!["option 1: queue of MSG".into()]),
            unseen: vec!["TRIAGE".into()],
        }
    }

    #[test]
    fn ways_share_their_beginning_and_differences_are_drawn_and_said() {
        let svg = svg(&flow(), "f");
        assert_eq!(svg.matches(">MSG<").count(), 1, "one box: {svg}");
        assert!(svg.contains("1,000 contacts"), "the sum of its ways");
        assert!(svg.contains("200, not written down"));
        assert!(svg.contains("stroke-dasharray=\"5 3\""));
        assert!(svg.contains("MSG, then voicemail (not in the written flow), then answered"));
        assert!(svg.contains("Written down, and no call reached it: TRIAGE"));
        assert!(svg.contains("&lt;555&gt;") && !svg.contains("<555>"));
    }

    #[test]
    fn what_is_withheld_is_not_given_away_by_a_sum() {
        let mut flow = flow();
        flow.paths[1].contacts = Count::Withheld;
        let svg = svg(&flow, "f");
        assert!(svg.contains("withheld contacts"), "{svg}");
        assert!(!svg.contains("900"), "{svg}");
    }

    #[test]
    fn a_long_way_is_cut_and_no_call_is_no_drawing() {
        let mut flow = flow();
        let steps = ["A", "B", "C", "D", "E", "F"].map(|name| (name, true));
        flow.paths = vec![path(&steps, "answered", 5)];
        let drawn = svg(&flow, "f");
        assert!(drawn.contains("answered (+2 steps)"), "{drawn}");
        assert!(!drawn.contains(">E<"));
        flow.paths.clear();
        assert_eq!(svg(&flow, "f"), "");
    }
}
