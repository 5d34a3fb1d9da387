//! TLS: both transports under it, and what does not come to it.

use std::{io::Write, net::TcpStream, path::Path, sync::Arc};

use protocol::Engine;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName},
};

use crate::{
    client::assert_consecutive,
    http::Connection,
    metrics::{met, told},
    program::{ONE_UPDATE, Server, eventually, refusal},
    ws::{CLOSE, Socket, masked, upgrade},
};

/// A certificate for 127.0.0.1 and its key, as files; gives the certificate.
fn files(dir: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(dir.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

struct Secure {
    server: Server,
    config: Arc<ClientConfig>,
    _dir: tempfile::TempDir,
}

impl Secure {
    fn start(options: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(files(dir.path())).unwrap();
        let path = dir.path().display();
        let server = Server::start(&format!("{options} --tls-cert {path}/cert.pem --tls-key {path}/key.pem"));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
        Self { server, config, _dir: dir }
    }

    fn stream(&self) -> StreamOwned<ClientConnection, TcpStream> {
        let name = ServerName::IpAddress(self.server.address.ip().into());
        let connection = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let stream = TcpStream::connect(self.server.address).unwrap();
        StreamOwned::new(connection, stream)
    }

    fn connect(&self) -> Connection {
        Connection::of(self.stream())
    }

    fn metric(&self, name: &str) -> u32 {
        told(&mut self.connect(), name) as u32
    }
}

#[test]
fn both_transports_are_served_under_it() {
    for engine in Engine::ALL {
        let secure = Secure::start(&format!("--rate 500 --payload-bytes 3000 --engine {engine}"));
        let mut socket =
            Socket::upgraded(secure.connect(), &upgrade("/ws?after=0")).unwrap_or_else(|no| panic!("{no:?}"));
        let lines: Vec<_> = (0..300).map(|_| socket.line()).collect();
        assert_consecutive(&lines, 1);

        let mut connection = secure.connect();
        let mut lines = Vec::new();
        while lines.len() < 300 {
            let answer = connection.get(&format!("/poll?after={}", lines.len()));
            assert_eq!(answer.status, 200, "{answer:?}");
            lines.extend(answer.text().lines().map(str::to_owned));
        }
        assert_consecutive(&lines, 1);
        // hyper serves what is no plain poll, on the same connection.
        assert!(connection.get("/healthz").text().contains("\"tls\":true"));

        socket.connection.send(masked(CLOSE, &1000_u16.to_be_bytes()));
        while socket.frame().head[0] != CLOSE {}
        socket.connection.closed();
        assert!(secure.metric("pushbench_tls_handshakes_total") >= 3);
        assert_eq!(secure.metric("pushbench_tls_handshake_failures_total"), 0);
    }
}

#[test]
fn the_end_of_the_server_is_said_under_it_too() {
    for engine in Engine::ALL {
        let secure = Secure::start(&format!("{ONE_UPDATE} --engine {engine}"));
        let mut parked = secure.connect();
        assert_eq!(parked.get("/poll?after=0").status, 200);
        parked.send(crate::http::request("GET", "/poll?after=1"));
        eventually("it is parked", || (secure.metric("pushbench_polls_total") >= 2).then_some(()));
        secure.server.signal(rustix::process::Signal::TERM);
        assert_eq!(parked.answer().status, 204);
        // With the close_notify without which rustls would call it cut off.
        parked.closed();
    }
}

#[test]
fn a_closed_tab_is_told_of_by_what_was_said_under_it() {
    for engine in Engine::ALL {
        let secure = Secure::start(&format!("{ONE_UPDATE} --page --engine {engine}"));
        assert_eq!(secure.connect().get("/poll?after=0").status, 200);
        let mut parked = secure.stream();
        parked.write_all(crate::http::request("GET", "/poll?after=1&user=p").as_bytes()).unwrap();
        eventually("it is parked", || (secure.metric("pushbench_polls_total") >= 2).then_some(()));
        parked.conn.send_close_notify();
        parked.flush().unwrap();
        eventually("the end is told of", || {
            let state = secure.connect().get("/page/state").text().to_owned();
            state.contains("p: long polling ended: it said under TLS that it ends (close_notify)").then_some(())
        });
    }
}

#[test]
fn who_does_not_speak_it_or_is_too_slow_is_let_go() {
    let secure = Secure::start(&format!("{ONE_UPDATE} --header-timeout 0.3"));
    let mut plain = TcpStream::connect(secure.server.address).unwrap();
    std::io::Write::write_all(&mut plain, b"GET /poll HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = std::io::Read::read_to_end(&mut plain, &mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let mut silent = Connection::open(secure.server.address);
    silent.closed();
    assert_eq!(secure.metric("pushbench_tls_handshake_failures_total"), 2);
    assert_eq!(secure.metric(&met("header_timeout")), 1);
}

#[test]
fn one_too_many_is_closed_unanswered() {
    let secure = Secure::start(&format!("{ONE_UPDATE} --max-connections 1 --header-timeout 600"));
    let mut held = secure.connect();
    assert_eq!(held.get("/healthz").status, 200);
    Connection::open(secure.server.address).closed();
    assert_eq!(told(&mut held, &met("max_connections")) as u32, 1);
}

#[test]
fn files_that_do_not_do_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display().to_string();
    files(dir.path());
    std::fs::write(dir.path().join("empty.pem"), "nothing here").unwrap();
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(dir.path().join("other.pem"), other.signing_key.serialize_pem()).unwrap();
    for (cert, key, reason) in [
        ("missing.pem", "key.pem", "missing.pem: cannot be read"),
        ("empty.pem", "key.pem", "empty.pem: holds no certificate"),
        ("cert.pem", "missing.pem", "missing.pem: cannot be read"),
        ("cert.pem", "empty.pem", "empty.pem: cannot be read as a PEM private key"),
        ("cert.pem", "other.pem", "do not fit each other"),
    ] {
        let message = refusal(&format!("--tls-cert {path}/{cert} --tls-key {path}/{key}"));
        assert!(message.contains(reason), "{cert} {key}: {message}");
    }
}
