//! What `segue serve` is told of what others run: the provider of single sign-on.

use crate::output::Failure;
use crate::service::Outside;
use crate::sign_on::SignOnOptions;
use clap::Args;
use std::path::PathBuf;

/// Options of `segue serve` about what others run.
#[derive(Debug, Args)]
pub(super) struct OutsideArgs {
    /// The provider of single sign-on (OpenID Connect), such as <https://id.example.org>
    #[arg(long, value_name = "URL", requires_all = ["oidc_client", "oidc_secret_file", "pages_url"])]
    oidc_issuer: Option<String>,
    /// What Segue is called there
    #[arg(long, value_name = "ID", requires = "oidc_issuer")]
    oidc_client: Option<String>,
    /// A file with the secret it was given there
    #[arg(long, value_name = "FILE", requires = "oidc_issuer")]
    oidc_secret_file: Option<PathBuf>,
    /// Who vouches for the provider's certificate beside the machine's own authorities, PEM
    #[arg(long, value_name = "FILE", requires = "oidc_issuer")]
    oidc_ca: Option<PathBuf>,
    /// Where people reach these pages; the provider sends them back to this address with `/login/sso/back` behind it
    #[arg(long, value_name = "URL")]
    pages_url: Option<String>,
}

impl OutsideArgs {
    pub(super) fn options(&self) -> Result<Outside, Failure> {
        Ok(Outside {
            sign_on: self.sign_on()?,
        })
    }

    fn sign_on(&self) -> Result<Option<SignOnOptions>, Failure> {
        let (Some(issuer), Some(client), Some(file), Some(pages)) = (
            &self.oidc_issuer,
            &self.oidc_client,
            &self.oidc_secret_file,
            &self.pages_url,
        ) else {
            return Ok(None);
        };
        let secret = std::fs::read_to_string(file).map_err(|e| {
            Failure::BadInput(format!(
                "`{}` cannot be read ({e}); write the client's secret into it, for its owner alone",
                file.display()
            ))
        })?;
        let options = SignOnOptions {
            issuer: issuer.clone(),
            client: client.clone(),
            secret: secret.trim().to_owned(),
            authorities: self.oidc_ca.clone(),
            pages: pages.clone(),
        };
        options.checked().map(Some)
    }
}
