//! A shop as a service: `cargo run -p shop`, or `cargo run -p shop -- --database sqlite:shop.db` to keep the file.

mod checkout;
mod domain;
mod screens;
mod seed;
#[cfg(test)]
mod tests;
mod web;

use std::{error::Error, net::SocketAddr, process::ExitCode, time::Duration};

use clap::Parser;
use intent_runtime::App;
use tokio::{net::TcpListener, signal};

/// A shop as a service.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where the events are kept: `sqlite:FILE`, `memory:` or (feature `postgres`) `postgres://HOST/DATABASE`; a temporary file unless given.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("shop: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

// ANCHOR: run
async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    // The folder is deleted when it goes out of scope.
    let folder = tempfile::tempdir()?;
    let database = match options.database {
        Some(url) => url,
        None => format!("sqlite:{}", folder.path().join("shop.db").display()),
    };
    let app = App::connect(&database, domain::shop()).await?;
    // In this process. They could be another program: several may run, and one of them does the work.
    let workers = app.start().await?;
    seed::seed(&app).await?;
    let listener = TcpListener::bind(options.listen).await?;
    tell(&listener.local_addr()?);
    web::serve(listener, app.clone(), interrupted()).await?;
    workers.stop(Duration::from_secs(10)).await?;
    app.close().await?;
    Ok(())
}
// ANCHOR_END: run

/// Ends when Ctrl-C is pressed or a service manager sends SIGTERM.
async fn interrupted() {
    let pressed = signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = pressed => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = pressed.await;
}

fn tell(address: &SocketAddr) {
    anstream::println!(
        "the shop is open at http://{address}

  curl -H 'X-Actor: eve' -H 'X-Roles: clerk' 'http://{address}/products?order_by=price_cents'
  curl -H 'X-Actor: eve' -H 'X-Roles: clerk' 'http://{address}/orders?state=Paid'
  curl -H 'X-Actor: eve' -H 'X-Roles: clerk' 'http://{address}/sales'
"
    );
}

/// An error with all its causes, in one line.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
