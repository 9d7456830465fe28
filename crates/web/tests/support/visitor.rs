//! A visitor without a browser: asks the router in-process and keeps cookies.
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::allow_attributes,
    reason = "test support: each user needs a part of it"
)]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use segue_web::Peer;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use tower::ServiceExt;

/// Where the visitor's connection comes from.
pub(crate) const PEER: Peer = Peer(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));

pub(crate) struct Visitor {
    router: Router,
    cookies: BTreeMap<String, String>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |v| v.to_str().expect("an ASCII header"))
    }

    /// The value of a hidden field of the page's home form.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let from = self.text.find(&mark).expect("the hidden field is there") + mark.len();
        self.text[from..]
            .split('"')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).expect("a JSON answer")
    }
}

impl Visitor {
    pub(crate) fn new(router: Router) -> Self {
        Self {
            router,
            cookies: BTreeMap::new(),
        }
    }

    /// Forgets who is signed in, as a browser does whose session cookie ran out.
    pub(crate) fn forget(&mut self, cookie: &str) {
        self.cookies.remove(cookie);
    }

    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let cookies = self
            .cookies
            .iter()
            .fold(String::new(), |mut all, (name, value)| {
                let _ok = write!(all, "{name}={value}; ");
                all
            });
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, cookies)
    }

    pub(crate) async fn open(&mut self, mut request: Request<Body>) -> axum::response::Response {
        request.extensions_mut().insert(PEER);
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("infallible");
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("ASCII");
            let (name, rest) = cookie.split_once('=').expect("name=value");
            let value = rest.split(';').next().unwrap_or_default();
            if cookie.contains("Max-Age=0") || value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    async fn answer(&mut self, request: Request<Body>) -> Answer {
        let response = self.open(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 8 << 20)
            .await
            .expect("a body");
        Answer {
            status,
            headers,
            text: String::from_utf8(bytes.to_vec()).expect("UTF-8"),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = self
            .request(Method::GET, path)
            .body(Body::empty())
            .expect("a request");
        self.answer(request).await
    }

    pub(crate) async fn stream(&mut self, path: &str) -> axum::response::Response {
        let request = self
            .request(Method::GET, path)
            .body(Body::empty())
            .expect("a request");
        self.open(request).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<_> = fields
            .iter()
            .map(|(k, v)| format!("{}={}", escape(k), escape(v)))
            .collect();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(path, &headers, body.join("&")).await
    }

    pub(crate) async fn send(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = self.request(Method::POST, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.body(body.into()).expect("a request"))
            .await
    }

    pub(crate) async fn sign_in(&mut self, user: &str, password: &str) -> Answer {
        let csrf = self.get("/login").await.hidden("csrf");
        self.post(
            "/login",
            &[("csrf", &csrf), ("user", user), ("password", password)],
        )
        .await
    }
}

fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() {
            out.push(char::from(b));
        } else {
            let _ok = write!(out, "%{b:02X}");
        }
        out
    })
}
