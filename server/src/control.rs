//! The server's end of the control channel: a load generator's commands on stdin, events on stdout.

use std::io::{BufRead, ErrorKind, Write};

use anyhow::Context;
use protocol::control::{Command, Event};
use tokio::sync::mpsc;

/// Prints an event as a line of JSON. That nobody reads it is no error: a generator that is gone has closed stdin, too.
pub fn emit(event: &Event) -> anyhow::Result<()> {
    let mut line = serde_json::to_string(event).context("cannot encode an event")?;
    line.push('\n');
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to stdout"),
    }
}

/// The commands on stdin, in order; the channel closes when stdin does.
pub fn commands() -> mpsc::UnboundedReceiver<anyhow::Result<Command>> {
    let (sender, commands) = mpsc::unbounded_channel();
    // A plain thread: a runtime would wait for its blocked read when it shuts down.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let command = line
                .context("cannot read stdin")
                .and_then(|line| serde_json::from_str(&line).with_context(|| format!("not a command: {line}")));
            if sender.send(command).is_err() {
                return;
            }
        }
    });
    commands
}
