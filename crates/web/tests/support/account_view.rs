//! Somebody's account as the pages show it.

use segue_web::ActError;
use segue_web::account::{AccountView, EnrolmentView, TokenView};
use segue_web::view::RefusalView;

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// With a second factor or without, with an enrolment that was begun, shown or waiting.
pub(super) fn account(user: &str, (enrolled, begun, stale): (bool, bool, bool)) -> AccountView {
    AccountView {
        has_second_factor: enrolled,
        enrolment_waits: begun && stale,
        enrolling: (begun && !enrolled && !stale).then(|| EnrolmentView {
            secret: SECRET.into(),
            link: format!("otpauth://totp/Segue:{user}?secret={SECRET}&issuer=Segue"),
        }),
        recovery_codes: if enrolled { 10 } else { 0 },
        tokens: vec![TokenView {
            label: "acd".into(),
            may: "ingest, RVS-Main alone".into(),
            used: "never used".into(),
            ends: "ends 1 Mar 2028 00:00 UTC".into(),
        }],
    }
}

/// Who they are was shown too long ago.
pub(super) fn not_shown() -> ActError {
    ActError::Refused(Box::new(RefusalView {
        code: "STEP_UP".into(),
        rule: "whoever signs has shown within minutes who they are".into(),
        missing: vec!["your code or password within the last 10 minutes".into()],
        who: "you".into(),
        how: "open /account/prove, then do it again".into(),
    }))
}
