//! The HTTP server: bounded connections, a time limit for request heads, graceful shutdown. The pages' own, and any other door's
//! that speaks HTTP.

use crate::router::router;
use crate::state::App;
use axum::http::StatusCode;
use axum::serve::{Listener, ListenerExt};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::Layer;
use tower_http::timeout::TimeoutLayer;

/// How long a connection may take over a request's head, and stay open without one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);

/// Where a visitor's connection comes from, as the machine knows it; no header is believed about it.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// A door over HTTP and its bounds.
pub struct Doorway {
    router: Router,
    connections_max: usize,
    head_timeout: Duration,
}

impl Doorway {
    /// A door with so many connections at a time; further ones wait in the listener's own queue.
    pub fn new(router: Router, connections_max: usize) -> Self {
        Self {
            router,
            connections_max,
            head_timeout: HEAD_TIMEOUT,
        }
    }

    /// The same, its requests read and answered within a time, or told `503`.
    #[must_use]
    pub fn within(self, request_timeout: Duration) -> Self {
        let layer =
            TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, request_timeout);
        Self {
            router: self.router.layer(layer),
            ..self
        }
    }

    /// Serves until `shutdown` completes, then calls `closing` and lets open requests finish for up to 5 s. What `who` makes of a
    /// connection's address goes with each of its requests as an extension.
    ///
    /// A client that sends no head, or half of one, loses its connection after 10 s. One that fails concerns only its client and
    /// is logged at debug level.
    pub async fn serve<L, E>(
        self,
        mut listener: L,
        who: impl Fn(L::Addr) -> E,
        shutdown: impl Future<Output = ()>,
        closing: impl FnOnce(),
    ) where
        L: Listener,
        E: Clone + Send + Sync + 'static,
    {
        let permits = Arc::new(Semaphore::new(self.connections_max));
        let graceful = GracefulShutdown::new();
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout);
        tokio::pin!(shutdown);
        loop {
            let accepted = async {
                let permit = Arc::clone(&permits).acquire_owned().await;
                (listener.accept().await, permit)
            };
            let ((stream, from), permit) = tokio::select! {
                accepted = accepted => accepted,
                () = &mut shutdown => break,
            };
            let service = Extension(who(from)).layer(self.router.clone());
            let service = TowerToHyperService::new(service);
            let connection = http.serve_connection(TokioIo::new(stream), service);
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended early");
                }
                drop(permit);
            });
        }
        drop(listener);
        closing();
        if tokio::time::timeout(SHUTDOWN_MAX, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("some connections did not finish within 5 s");
        }
    }
}

/// Serves the pages until `shutdown` completes, then lets open requests finish for up to 5 s.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    shutdown: impl Future<Output = ()> + Send,
) {
    // The router bounds its requests itself: live updates stay open.
    let doorway = Doorway::new(router(Arc::clone(&app)), app.settings.connections_max);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let who = |from: SocketAddr| Peer(from.ip().to_canonical());
    let closing = || app.close_events();
    doorway.serve(listener, who, shutdown, closing).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    /// Longer than anything here takes.
    const DEADLINE: Duration = Duration::from_secs(20);

    async fn said(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        let read = tokio::time::timeout(DEADLINE, stream.read_to_string(&mut text));
        read.await.expect("the connection ends").expect("text");
        text
    }

    #[tokio::test]
    async fn who_stalls_has_the_only_place_for_a_moment_and_the_next_is_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let router = Router::new().route("/", post(async |body: String| body));
        let moment = Duration::from_millis(200);
        let doorway = Doorway {
            head_timeout: moment,
            ..Doorway::new(router, 1).within(moment)
        };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopping = async { drop(stopped.await) };
        let served = tokio::spawn(doorway.serve(listener, |from| Peer(from.ip()), stopping, || {}));
        for (stalls, told) in [
            ("", ""),
            ("POST / HTTP/1.1\r\nHost: a", ""),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
                "HTTP/1.1 503 ",
            ),
        ] {
            let mut staller = TcpStream::connect(at).await.unwrap();
            staller.write_all(stalls.as_bytes()).await.unwrap();
            let mut next = TcpStream::connect(at).await.unwrap();
            let asks =
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nhome";
            next.write_all(asks.as_bytes()).await.unwrap();
            assert!(said(&mut next).await.ends_with("home"), "after {stalls:?}");
            let answer = said(&mut staller).await;
            assert!(answer.starts_with(told), "{answer}");
        }
        stop.send(()).unwrap();
        served.await.unwrap();
    }
}
