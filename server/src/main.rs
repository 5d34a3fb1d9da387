//! The server by hand; the load generator starts the same code by itself.

use std::process::ExitCode;

use clap::Parser;
use server::stderr;

#[global_allocator]
static ALLOCATOR: server::allocator::Chosen = server::allocator::Chosen;

/// Publishes one update stream over WebSocket (/ws) and HTTP long polling (/poll).
///
/// Also serves /send (signals of clients), /echo, /metrics (Prometheus text) and /healthz. Prints where it listens as a line of JSON on stdout,
/// logs to stderr (RUST_LOG sets how much), and drains on Ctrl-C, SIGTERM, SIGHUP or SIGQUIT.
#[derive(Debug, Parser)]
#[command(name = "server", version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    config: server::Config,
}

const EXAMPLES: &str = "\
Examples:
  server                                       10 updates a second of 128 bytes on 127.0.0.1:8080
  server --rate 100 --payload-bytes 1024       more and larger ones
  server --replay builtin:market --speed 2     a bursty feed, twice as fast
  curl 'http://127.0.0.1:8080/poll'            the next update
  curl 'http://127.0.0.1:8080/poll?after=17'   everything after update 17
  curl -d '{\"id\":1,\"data\":\"hello\"}' http://127.0.0.1:8080/send   a signal, acknowledged
  server --tls-self-signed                     wss:// and https:// with a certificate made for this run
  server --token-file token --allow-origin https://example.org   for those who know the token, and pages of one origin";

fn main() -> ExitCode {
    let cli = Cli::parse();
    stderr::log("server=info,warn");
    match server::prepare(cli.config) {
        // What was asked for cannot be done: an address in use, a feed that cannot be read.
        Err(error) => fail(&error, 2),
        Ok(server) => server.run().map_or_else(|error| fail(&error, 1), |()| ExitCode::SUCCESS),
    }
}

fn fail(error: &anyhow::Error, status: u8) -> ExitCode {
    stderr::say(&format!("error: {error:#}"));
    ExitCode::from(status)
}
