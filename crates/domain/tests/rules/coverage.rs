//! `docs/coverage.md` names every sentence of the charter once, and what it names exists.

use segue_domain::Code;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Rows by sentence id: the cells after it.
fn rows(page: &str) -> Vec<(&str, Vec<&str>)> {
    page.lines()
        .filter(|line| line.starts_with("| A") || line.starts_with("| B"))
        .map(|line| {
            let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
            (cells.next().unwrap_or_default(), cells.collect())
        })
        .collect()
}

/// The texts in backticks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/coverage.md")).expect("docs/coverage.md")
}

#[test]
fn every_sentence_has_exactly_one_row_with_a_state() {
    let page = page();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (id, cells) in rows(&page) {
        *counts.entry(id.to_owned()).or_default() += 1;
        let [holds, code, proof, state, missing] = cells.as_slice() else {
            panic!("{id} has {} cells", cells.len())
        };
        let named = |cell: &str| spans(cell).count() > 0;
        match *state {
            "done" => assert!(named(code) && named(proof) && *missing == "–", "{id}"),
            "partly" => assert!(named(code) && named(proof) && *missing != "–", "{id}"),
            "not yet" => assert!(*holds == "–" && *missing != "–", "{id}"),
            other => panic!("{id} is `{other}`"),
        }
    }
    let a = (1..=33).map(|n| format!("A{n}"));
    let all: Vec<_> = a.chain((1..=21).map(|n| format!("B{n}"))).collect();
    for id in &all {
        assert_eq!(counts.get(id), Some(&1), "{id}");
    }
    assert_eq!(counts.len(), all.len());
}

#[test]
fn every_path_test_and_code_it_names_exists() {
    let page = page();
    let mut named = 0;
    for (id, cells) in rows(&page) {
        for span in cells.iter().flat_map(|cell| spans(cell)) {
            if span.contains('/') {
                let (path, test) = span.split_once("::").unwrap_or((span, ""));
                let content = std::fs::read_to_string(root().join(path))
                    .unwrap_or_else(|e| panic!("{id}: {path}: {e}"));
                assert!(
                    test.is_empty()
                        || content.contains(&format!("fn {test}("))
                        || content.contains(&format!(", {test}: {{")),
                    "{id}: no test `{test}` in {path}"
                );
                named += 1;
            } else if span.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
                let known = Code::ALL.iter().any(|code| code.as_str() == span);
                assert!(known, "{id}: no code {span}");
            }
        }
    }
    assert!(named > 50, "only {named} paths");
}

#[test]
fn every_code_of_a_sentence_is_named_in_its_row() {
    let page = page();
    let sentences = rows(&page);
    for code in Code::ALL {
        for id in code.source().split(", ") {
            let charter = id.starts_with(['A', 'B']) && id[1..].parse::<u8>().is_ok();
            let row = sentences.iter().find(|(name, _)| *name == id);
            let named =
                row.is_some_and(|(_, cells)| cells.iter().any(|c| c.contains(code.as_str())));
            assert!(!charter || named, "{id} should name {code}");
        }
    }
}
