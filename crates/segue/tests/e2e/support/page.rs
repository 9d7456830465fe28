//! A visitor without a browser and without JavaScript: fetches pages, keeps cookies, sends forms.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;

/// One visitor.
#[derive(Clone)]
pub(crate) struct Visitor {
    http: reqwest::Client,
    base: String,
    cookies: BTreeMap<String, String>,
}

/// A page as it came.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it sends the visitor on to; empty when it does not.
    pub(crate) location: String,
    pub(crate) text: String,
}

impl Page {
    /// The value of a hidden field.
    #[track_caller]
    pub(crate) fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let from = self
            .text
            .find(&mark)
            .unwrap_or_else(|| panic!("a hidden field {name} in: {}", self.text))
            + mark.len();
        self.text[from..]
            .split('"')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        assert!(
            self.text.contains(words),
            "`{words}` in ({}): {}",
            self.status,
            self.text
        );
    }
}

impl Visitor {
    pub(crate) fn new(server: SocketAddr) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self {
            http,
            base: format!("http://{server}"),
            cookies: BTreeMap::new(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        let request = self.http.get(format!("{}{path}", self.base));
        self.answer(request).await
    }

    /// Sends a form as a browser does.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut body = String::new();
        for (name, value) in fields {
            let _ = write!(
                body,
                "{}{name}={}",
                if body.is_empty() { "" } else { "&" },
                encoded(value)
            );
        }
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .header("Origin", &self.base);
        let request = request
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body);
        self.answer(request).await
    }

    async fn answer(&mut self, request: reqwest::RequestBuilder) -> Page {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let response = request
            .header(COOKIE, cookies.join("; "))
            .send()
            .await
            .expect("an answer");
        for cookie in response.headers().get_all(SET_COOKIE) {
            let (name, rest) = cookie
                .to_str()
                .expect("ASCII")
                .split_once('=')
                .expect("name=value");
            self.cookies.insert(
                name.to_owned(),
                rest.split(';').next().unwrap_or_default().to_owned(),
            );
        }
        let location = response
            .headers()
            .get(LOCATION)
            .map_or("", |v| v.to_str().expect("ASCII"))
            .to_owned();
        Page {
            status: response.status().as_u16(),
            location,
            text: response.text().await.expect("text"),
        }
    }
}

fn encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
