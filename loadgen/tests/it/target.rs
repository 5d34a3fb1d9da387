//! `--server`: a server that runs already is measured, or refused if it cannot be.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Command,
};

use protocol::{
    Engine,
    control::Event,
    results::{Arrivals, Expectation, Stream},
};

use crate::{
    front::{Reply, answer, before, listens},
    program::{Loadgen, loadgen},
    results::of_success,
    sweep::SHORT,
};

pub(crate) fn serve(dir: &Path, options: &str) -> (Loadgen, SocketAddr) {
    let server = Loadgen::start(dir, &format!("serve --listen 127.0.0.1:0 {options}"));
    let listen = ready(&server);
    (server, listen)
}

/// Where it listens, once it does.
pub(crate) fn ready(server: &Loadgen) -> SocketAddr {
    let ready = server.stdout_line();
    let Event::Ready { listen, .. } = serde_json::from_str(&ready).unwrap() else { panic!("{ready}") };
    listen
}

#[test]
fn a_running_server_is_measured_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    // Fast, so that updates come while clients connect.
    let (server, address) = serve(dir.path(), "--rate 200 --payload-bytes 300");
    let ended = loadgen(dir.path(), &format!("run {SHORT} --server http://{address}"));
    let results = of_success(&dir.path().join("results"), &ended);
    assert_eq!(results.manifest.scenario.server, Some(format!("http://{address}")));
    assert_eq!(results.runs.len(), 2);
    for run in &results.runs {
        let stream = Stream::Synthetic { arrivals: Arrivals::Constant, rate_hz: 200.0, payload_bytes: 300 };
        assert_eq!(run.point.load.stream, stream, "what the server says that it publishes");
        assert_eq!(run.stream.source, Expectation::Bracketed);
        assert!((99..=101).contains(&run.stream.updates), "{}", run.stream.updates);
    }
    drop(server);
}

#[test]
fn an_engine_that_a_server_does_not_say_is_not_made_up() {
    let dir = tempfile::tempdir().unwrap();
    let (server, address) = serve(dir.path(), "--rate 200 --engine stock");
    for (front, engine) in [(address, Some(Engine::Stock)), (that_says_no_engine(address), None)] {
        let ended = loadgen(dir.path(), &format!("run {SHORT} --server http://{front}"));
        let folder = dir.path().join("results");
        let results = of_success(&folder, &ended);
        assert_eq!(results.manifest.scenario.engine, Vec::from_iter(engine));
        assert!(results.runs.iter().all(|run| run.point.load.engine == engine), "{engine:?}");
        let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
        assert_eq!(page.contains("stock"), engine.is_some(), "{engine:?}");
        std::fs::remove_dir_all(folder).unwrap();
    }
    drop(server);
}

/// Stands before a server and leaves its engine out of what it says of itself.
fn that_says_no_engine(server: SocketAddr) -> SocketAddr {
    before(server, move |request| {
        if !request.starts_with("GET /healthz ") {
            return Reply::Pass;
        }
        let mut connection = TcpStream::connect(server).unwrap();
        connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
        let mut said = String::new();
        connection.read_to_string(&mut said).unwrap();
        let said = said.split_once("\r\n\r\n").unwrap().1.replace(r#""engine":"stock","#, "");
        assert!(!said.contains("engine"), "{said}");
        answer(200, "", &said)
    })
}

/// Stands before a server and says that it is process 1, as one in a namespace of its own does.
fn alias(server: SocketAddr) -> SocketAddr {
    listens(move |client| {
        let server = TcpStream::connect(server).ok()?;
        let (up, down) = (client.try_clone().ok()?, server.try_clone().ok()?);
        std::thread::spawn(move || pass(up, down, |_| ()));
        pass(server, client, call_it_one);
        Some(())
    })
}

fn pass(mut from: TcpStream, mut to: TcpStream, change: impl Fn(&mut [u8])) {
    let mut bytes = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        change(&mut bytes[..read]);
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

fn call_it_one(answer: &mut [u8]) {
    const PID: &[u8] = br#""pid":"#;
    if let Some(at) = answer.windows(PID.len()).position(|window| window == PID) {
        let digits = answer[at + PID.len()..].iter_mut().take_while(|byte| byte.is_ascii_digit());
        digits.enumerate().for_each(|(place, digit)| *digit = if place == 0 { b'1' } else { b' ' });
    }
}

#[test]
fn who_holds_the_port_is_measured_whatever_it_calls_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (server, address) = serve(dir.path(), "--rate 200");
    let runs = |url: &str| {
        let ended = loadgen(dir.path(), &format!("run {SHORT} --server http://{url}"));
        let runs = of_success(&dir.path().join("results"), &ended).runs;
        std::fs::remove_dir_all(dir.path().join("results")).unwrap();
        runs
    };
    for run in runs(&address.to_string()) {
        let usage = run.server.unwrap();
        let [process] = &usage.processes[..] else { panic!("{:?}", usage.processes) };
        assert!(process.ends_with(&format!(" {}", server.pid())), "{process}");
        assert!(usage.plateaus.idle.unwrap().pss > 0);
    }
    // This process holds the port; and for moments those that other tests start from it, before they are what they are to be.
    let own = format!(" {}", std::process::id());
    for run in runs(&alias(address).to_string()) {
        let processes = run.server.map(|usage| usage.processes);
        let is_own = processes.as_ref().is_some_and(|all| all.iter().any(|process| process.ends_with(&own)));
        assert!(is_own || run.server_unread.is_some(), "{processes:?}");
    }
}

#[test]
fn nobody_there_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    refused(dir.path(), &format!("http://{address}"), &["refused", &format!("server --listen {address}")]);
}

#[test]
fn somebody_else_is_refused_with_what_it_said() {
    for (body, reason) in [
        (r#"{"hello":"world"}"#.to_owned(), r#"not a pushbench server; its /healthz said: {"hello":"world"}"#),
        (health("nginx", "boot"), "it calls itself `nginx`, not `pushbench`"),
        (health("pushbench", "boot"), "another machine or boot"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let read = stream.read(&mut [0; 1024]).unwrap();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
            read
        });
        refused(dir.path(), &url, &[reason]);
        assert!(answering.join().unwrap() > 0, "it was asked");
    }
}

#[test]
fn a_server_that_misbehaves_is_refused_with_how() {
    let dir = tempfile::tempdir().unwrap();
    let (server, address) = serve(dir.path(), "--fault late-publisher:20ms");
    refused(
        dir.path(),
        &format!("http://{address}"),
        &["(late-publisher:20ms)", "faults are for proofs: loadgen prove"],
    );
    drop(server);
}

#[test]
fn a_url_that_is_none_is_refused_with_its_form() {
    let dir = tempfile::tempdir().unwrap();
    for url in ["127.0.0.1:8080", "ftp://127.0.0.1:8080", "http://127.0.0.1:x", "http://"] {
        refused(dir.path(), url, &["give it as http://HOST[:PORT]"]);
    }
    refused(dir.path(), "http://127.0.0.1:8080/ws", &["leave /ws out"]);
    refused(dir.path(), "http://nowhere.invalid", &["nowhere.invalid cannot be looked up"]);
}

#[test]
fn what_is_secret_is_in_no_file_and_in_no_message() {
    let dir = tempfile::tempdir().unwrap();
    let (server, address) = serve(dir.path(), "--rate 100 --token S3CRET");
    let url = format!("http://localhost:{}", address.port());
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(format!("run {SHORT} --signal-rate 10").split_whitespace()).args(["--header", "X-Key: S3CRET"]);
    command.envs([("PUSHBENCH_SERVER", &*url), ("PUSHBENCH_TOKEN", "S3CRET"), ("RUST_LOG", "trace")]);
    let ended = Loadgen::spawn(dir.path(), command).ended();
    let results = of_success(&dir.path().join("results"), &ended);
    assert_eq!(results.manifest.scenario.server.as_ref(), Some(&url));
    assert!(results.manifest.command.join(" ").ends_with("--header X-Key: ***"), "{:?}", results.manifest.command);
    let mut files = 0;
    for file in std::fs::read_dir(dir.path().join("results")).unwrap() {
        let file = file.unwrap().path();
        assert!(!String::from_utf8_lossy(&std::fs::read(&file).unwrap()).contains("S3CRET"), "{}", file.display());
        files += 1;
    }
    assert!(files >= 5, "{files} files");
    assert!(!format!("{ended:?}").contains("S3CRET"), "{ended:#?}");
    drop(server);

    let ended = loadgen(dir.path(), &format!("run {SHORT} --server http://me:S3CRET@{address}/x?token=S3CRET"));
    assert_eq!(ended.status, Some(2));
    let message = ended.message();
    assert!(message.contains(&format!("--server http://***@{address}/x?token=***: nobody is there")), "{message}");
    assert!(!message.contains("S3CRET"), "{message}");
}

fn health(server: &str, clock: &str) -> String {
    let stream = r#"{"synthetic":{"arrivals":"constant","rate_hz":10.0,"payload_bytes":128}}"#;
    format!(
        r#"{{"status":"ok","server":"{server}","version":"0","pid":1,"clock":"{clock}","allocator":"x","stream":{stream}}}"#
    )
}

fn refused(dir: &Path, url: &str, parts: &[&str]) {
    let ended = loadgen(dir, &format!("run {SHORT} --server {url}"));
    let message = ended.message();
    assert_eq!(ended.status, Some(2), "{url}: {message}");
    for part in parts.iter().chain(&[url]) {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
    assert!(!dir.join("results").exists(), "{url}: a folder is left");
}
