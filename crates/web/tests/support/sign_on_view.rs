//! A provider of single sign-on that takes one code.

use segue_web::sign_on::{SignOn, SignOnBegun, SignOnReturn, SignOnStart};

pub(super) fn begun(provider: Option<String>, again: bool) -> Result<SignOnBegun, String> {
    let provider = provider.ok_or("There is no provider.")?;
    Ok(SignOnBegun {
        url: format!("https://{provider}/auth?again={again}"),
        start: SignOnStart {
            state: "the-state".into(),
            nonce: "the-nonce".into(),
            verifier: "the-verifier".into(),
        },
        over_tls: true,
    })
}

/// A token without `auth_time`: who is asked anew has shown nothing by it.
pub(super) fn ended(known: Option<SignOn>, returned: &SignOnReturn) -> SignOn {
    let message = "This code is not taken.".to_owned();
    let anew = returned.shown_since.is_some();
    known
        .filter(|known| {
            !anew
                || matches!(
                    known,
                    SignOn::Known {
                        proved_at: Some(_),
                        ..
                    }
                )
        })
        .filter(|_| returned.start.verifier == "the-verifier" && returned.code == "the code")
        .unwrap_or(SignOn::Refused { message })
}
