//! What `segue serve` is told of what others run: the provider of single sign-on, and the relay of mail.

use crate::mailing::{MailOptions, MailTls};
use crate::output::Failure;
use crate::service::Outside;
use crate::sign_on::SignOnOptions;
use clap::Args;
use std::path::{Path, PathBuf};

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
    /// The relay that mails each day's checkpoint to the addresses of `checkpoint-recipients.txt`
    #[arg(long, value_name = "HOST:PORT", requires = "mail_from")]
    mail_relay: Option<String>,
    /// Whom the mail is from
    #[arg(long, value_name = "ADDRESS", requires = "mail_relay")]
    mail_from: Option<String>,
    /// How the relay is spoken to
    #[arg(long, value_enum, default_value_t = MailTls::Starttls)]
    mail_tls: MailTls,
    /// Who vouches for the relay's certificate beside the machine's own authorities, PEM
    #[arg(long, value_name = "FILE", requires = "mail_relay")]
    mail_ca: Option<PathBuf>,
    /// A file with the relay's name for this server on its first line and the password on its second
    #[arg(long, value_name = "FILE", requires = "mail_relay")]
    mail_login: Option<PathBuf>,
}

impl OutsideArgs {
    pub(super) fn options(&self) -> Result<Outside, Failure> {
        Ok(Outside {
            sign_on: self.sign_on()?,
            mail: self.mail()?,
        })
    }

    fn mail(&self) -> Result<Option<MailOptions>, Failure> {
        let (Some(relay), Some(from)) = (&self.mail_relay, &self.mail_from) else {
            return Ok(None);
        };
        let mut options = MailOptions::new(relay, from, self.mail_tls)?;
        options.authorities.clone_from(&self.mail_ca);
        if let Some(file) = &self.mail_login {
            let text = read(file, "the relay's name for this server and the password")?;
            let (name, password) = text.trim_end().split_once('\n').ok_or_else(|| {
                Failure::BadInput(format!(
                    "`{}` has no second line; write the name on the first and the password on the second",
                    file.display()
                ))
            })?;
            options.login = Some((name.trim().to_owned(), password.trim().to_owned()));
        }
        options.checked().map(Some)
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
        let secret = read(file, "the client's secret")?;
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

fn read(file: &Path, what: &str) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|e| {
        Failure::BadInput(format!(
            "`{}` cannot be read ({e}); write {what} into it, for its owner alone",
            file.display()
        ))
    })
}
