//! Shows the pages with the example transition: `cargo run -p segue-web --example preview`.

#[path = "../tests/support/console.rs"]
mod console;

use segue_web::{App, Settings, serve};
use std::error::Error;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8086".to_owned());
    let listener = TcpListener::bind(&address).await?;
    let app = App::new(
        console::MemoryConsole::new(console::example()),
        Settings::new([7; 32]),
    );
    let stop = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    serve(listener, app, stop).await;
    Ok(())
}
