//! Options that cannot be had: status 2, and a message with the value and the way out.

use std::process::Command;

use crate::program::{ONE_UPDATE, Server, refusal};

#[test]
fn a_port_in_use_is_refused_and_the_first_server_stays() {
    let server = Server::start(ONE_UPDATE);
    let message = refusal(&format!("--listen {}", server.address));
    for part in [&server.address.to_string(), "in use", "choose another --listen", "port 0"] {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
    assert_eq!(crate::http::get(server.address, "/healthz").status, 200);
}

#[test]
fn an_address_that_is_not_ours_is_refused() {
    let message = refusal("--listen 192.0.2.1:80");
    assert!(message.contains("192.0.2.1:80") && message.contains("choose another --listen"), "{message}");
}

#[test]
fn absurd_values_are_refused_with_the_range() {
    for (options, parts) in [
        ("--rate 0", ["'0'", "more than 0"]),
        ("--rate -1", ["'-1'", "more than 0"]),
        ("--rate lots", ["'lots'", "not a number"]),
        ("--payload-bytes 10", ["10", "64..=1048576"]),
        ("--history 0", ["0", "1.."]),
        ("--threads 999", ["999", "1..=256"]),
        ("--listen nowhere", ["nowhere", "--listen"]),
        ("--cpus 0-x", ["0-x", "not a processor"]),
        ("--speed 2", ["--replay", "required"]),
        ("--rate 5 --replay builtin:market", ["--rate", "--replay"]),
        ("--no-such-option", ["--no-such-option", "--help"]),
    ] {
        let message = refusal(options);
        for part in parts {
            assert!(message.contains(part), "{options}: {part:?} is not in: {message}");
        }
    }
}

#[test]
fn help_has_examples() {
    let output = Command::new(env!("CARGO_BIN_EXE_server")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for part in ["Examples:", "--replay builtin:market", "/poll?after=17", "[default: 127.0.0.1:8080]"] {
        assert!(help.contains(part), "{part:?} is not in: {help}");
    }
}
