//! Free text never points at one caller or patient, whichever command brings it.

use crate::fixture::manager;
use crate::support::Story;
use segue_domain::waivers::{ProposeWaiver, Waivable};
use segue_domain::{Code, Side};

#[test]
fn a_reason_with_a_patients_number_is_refused() {
    let asks = ProposeWaiver {
        rule: Waivable::Rush,
        chunk: "RVS-Main/MSG".into(),
        reason: "as agreed with the mother of MRN 0048213".into(),
    };
    Story::discovered()
        .when(&manager(Side::Client), asks)
        .refuses(Code::CallerData, "record number");
}

#[test]
fn every_role_has_words_of_its_own() {
    let words: std::collections::BTreeSet<_> = segue_domain::Role::ALL
        .iter()
        .map(|role| role.words())
        .collect();
    assert_eq!(words.len(), segue_domain::Role::ALL.len());
    assert!(words.iter().all(|words| words.len() > 3), "{words:?}");
}
