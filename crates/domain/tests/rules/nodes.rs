//! Nodes (design: Nodes): while clocks or tables differ no share rises, and everything may go home.

use crate::fixture::{duty, manager};
use crate::support::{Story, fallback, propose_step};
use segue_domain::nodes::ReportNodes;
use segue_domain::{Actor, Code, Role, Side};
use std::collections::BTreeSet;

const MSG: &str = "RVS-Main/MSG";

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn seen(clocks: &[&str], tables: &[&str], heard_all: bool) -> ReportNodes {
    ReportNodes {
        clocks: names(clocks),
        tables: names(tables),
        heard_all,
    }
}

/// The program, which hears the nodes.
fn watcher() -> Actor {
    duty(Side::Client).watching_nodes()
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::agreed();
    story.goes_live(MSG, 20);
    story.does(&watcher(), seen(&["B"], &[], true));
    story
}

#[test]
fn while_clocks_or_tables_differ_no_share_rises() {
    let watcher = watcher();
    for (seen, says) in [
        (
            seen(&["B"], &[], true),
            "clocks that agree within 2 s; they differ at B",
        ),
        (seen(&[], &["B", "C"], false), "another one runs on B, C"),
    ] {
        let mut story = Story::agreed();
        story.goes_live(MSG, 20);
        story.waits_for(MSG, 50);
        let step = story.proposes_step(MSG, 50);
        story.does(&watcher, seen);
        story
            .when(&manager(Side::Client), propose_step(MSG, 50))
            .refuses(Code::NodesApart, says);
        let approval = story.approval(Side::Client, &step);
        story
            .when(&crate::fixture::director(Side::Client), approval)
            .refuses(Code::NodesApart, says);
        story.does(&duty(Side::Outsourcer), fallback("all"));
        assert!(!story.t.chunks[&MSG.into()].is_out());
    }
}

#[test]
fn only_who_hears_every_node_says_that_all_is_well() {
    let mut story = history();
    let watcher = watcher();
    // B names A where A named B: nothing new.
    story
        .when(&watcher, seen(&["A"], &[], true))
        .changes_nothing();
    story
        .when(&watcher, seen(&[], &[], false))
        .changes_nothing();
    story.does(&watcher, seen(&[], &["C"], false));
    let apart = story.t.nodes_apart.clone().unwrap();
    assert_eq!((apart.clocks, apart.tables), (names(&["B"]), names(&["C"])));
    story.does(&watcher, seen(&[], &["C"], true));
    assert!(story.t.nodes_apart.as_ref().unwrap().clocks.is_empty());
    story.does(&watcher, seen(&[], &[], true));
    assert_eq!(story.t.nodes_apart, None);
    story.waits_for(MSG, 50);
    story.proposes_step(MSG, 50);
}

#[test]
fn nobody_but_the_program_speaks_for_the_nodes() {
    let story = history();
    for role in Role::ALL {
        for side in Side::BOTH {
            let person = segue_example::of(side, role);
            story
                .when(&person, seen(&[], &[], true))
                .refuses(Code::NotAuthorised, "report nodes");
        }
    }
    story
        .when(&watcher(), seen(&["a b"], &[], true))
        .refuses(Code::BadFact, "by its name");
}
