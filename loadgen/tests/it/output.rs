//! Output that nobody reads, and colour: by the stream that it goes to.

use std::{
    fs::File,
    io::Read,
    path::Path,
    process::{Command, Stdio},
};

use reports::load;

use crate::{program::Loadgen, results::REPORTS, sweep::SHORT};

/// A pipe whose reader has gone.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn unwatched(dir: &Path, options: &str, [stdout, stderr]: [Stdio; 2]) -> Option<i32> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(options.split_whitespace()).current_dir(dir).env("RUST_LOG", "debug").stdin(Stdio::null());
    command.stdout(stdout).stderr(stderr).status().unwrap().code()
}

#[test]
fn nobody_reading_changes_no_status() {
    let dir = tempfile::tempdir().unwrap();
    for (options, status) in [
        ("doctor --clients 10", 0),
        ("scenarios", 0),
        ("--help", 0),
        ("run --help", 0),
        ("--version", 0),
        ("run --cleints 5", 2),
        ("run nope", 2),
        ("report none", 2),
        ("compare none neither", 2),
        ("gate --base none --head neither", 2),
        ("cases 127.0.0.1:1", 1),
    ] {
        for streams in [[unread(), Stdio::null()], [Stdio::null(), unread()], [unread(), unread()]] {
            assert_eq!(unwatched(dir.path(), options, streams), Some(status), "{options}");
        }
    }
}

#[test]
fn a_sweep_that_nobody_watches_is_measured_and_written() {
    let dir = tempfile::tempdir().unwrap();
    let status = unwatched(dir.path(), &format!("run {SHORT} --rate 20"), [unread(), unread()]);
    assert!([Some(0), Some(3)].contains(&status), "{status:?}");
    let dir = dir.path().join("results");
    let results = load(&dir).unwrap();
    let counts: Vec<_> = results.runs.iter().map(|run| (&run.failure, run.counts.delivered)).collect();
    assert_eq!(counts, [(&None, 200), (&None, 200)]);
    assert!(REPORTS.iter().all(|name| dir.join(name).is_file()), "reports as ever");
}

/// What stdout and stderr show of a plan that this machine fails, one of them being a terminal.
fn shown(command: &str, terminal_is_stdout: bool, colour: Option<(&str, &str)>) -> [String; 2] {
    let terminal = nix::pty::openpty(None, None).unwrap();
    let (mut pipe, writer) = std::io::pipe().unwrap();
    let mut program = Command::new("sh");
    let script = format!("ulimit -Sn 300 && ulimit -Hn 300 && exec \"$0\" {command} --clients 500");
    program.args(["-c", &script, env!("CARGO_BIN_EXE_loadgen")]).stdin(Stdio::null()).env("TERM", "xterm");
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        program.env_remove(name);
    }
    program.envs(colour);
    let (slave, writer) = (Stdio::from(terminal.slave), Stdio::from(writer));
    let (stdout, stderr) = if terminal_is_stdout { (slave, writer) } else { (writer, slave) };
    assert_ne!(program.stdout(stdout).stderr(stderr).status().unwrap().code(), Some(0));
    // It holds the other ends.
    drop(program);
    let mut piped = String::new();
    pipe.read_to_string(&mut piped).unwrap();
    let mut on_terminal = Vec::new();
    // A terminal whose other end is closed is at its end by an error.
    let _ = File::from(terminal.master).read_to_end(&mut on_terminal);
    let on_terminal = String::from_utf8(on_terminal).unwrap();
    if terminal_is_stdout { [on_terminal, piped] } else { [piped, on_terminal] }
}

#[test]
fn colour_is_by_the_stream_that_it_goes_to() {
    let coloured = |text: &str| text.contains('\x1b');
    for (command, finds_on_stderr) in [("doctor", false), ("run", true)] {
        for terminal_is_stdout in [false, true] {
            for (colour, on_terminal, on_pipe) in [
                (None, true, false),
                (Some(("NO_COLOR", "1")), false, false),
                (Some(("CLICOLOR_FORCE", "1")), true, true),
            ] {
                let [stdout, stderr] = shown(command, terminal_is_stdout, colour);
                let findings = if finds_on_stderr { &stderr } else { &stdout };
                assert!(findings.contains("fail") && findings.contains("file descriptors"), "{command}: {findings:?}");
                let by_terminal = terminal_is_stdout != finds_on_stderr;
                let expected = if by_terminal { on_terminal } else { on_pipe };
                assert_eq!(coloured(findings), expected, "{command}, {colour:?}, stdout {stdout:?}, stderr {stderr:?}");
            }
        }
    }
}

#[test]
fn the_log_is_coloured_as_stderr_may_be() {
    let dir = tempfile::tempdir().unwrap();
    for (colour, expected) in [("NO_COLOR", false), ("CLICOLOR_FORCE", true)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).env("RUST_LOG", "info").env(colour, "1");
        let server = Loadgen::spawn(dir.path(), command);
        server.stdout_line();
        server.signal(rustix::process::Signal::TERM);
        let log = server.ended().message();
        assert!(log.contains("serving") && log.contains('\x1b') == expected, "{colour}: {log:?}");
    }
}
