//! A visitor in front of the example console, signed in or not.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "test support: each user needs a part of it"
)]

use crate::console::{MemoryConsole, PASSWORD, USER, example};
use crate::visitor::Visitor;
use axum::http::StatusCode;
use segue_web::{App, Settings, router};
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::new([7; 32]);
    settings.events_interval_min = Duration::from_millis(10);
    settings
}

pub(crate) fn visitor_with(settings: Settings) -> (Arc<MemoryConsole>, Visitor) {
    let console = MemoryConsole::new(example());
    let app = App::new(Arc::clone(&console) as Arc<_>, settings);
    (console, Visitor::new(router(app)))
}

pub(crate) fn visitor() -> (Arc<MemoryConsole>, Visitor) {
    visitor_with(settings())
}

pub(crate) async fn signed_in() -> (Arc<MemoryConsole>, Visitor) {
    let (console, mut visitor) = visitor();
    let answer = visitor.sign_in(USER, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    (console, visitor)
}
