//! Tells the program how it was built: the profile, and the commit.

use std::{path::Path, process::Command};

fn main() {
    let profile = match std::env::var("PROFILE").as_deref() {
        Ok("debug") => "dev".to_owned(),
        Ok(profile) => profile.to_owned(),
        Err(_) => "unknown".to_owned(),
    };
    let opt_level = std::env::var("OPT_LEVEL").unwrap_or_default();
    println!("cargo:rustc-env=PUSHBENCH_PROFILE={profile} (opt-level {opt_level})");
    println!("cargo:rustc-env=PUSHBENCH_REVISION={}", revision().unwrap_or_default());
    // Not the index, which `git status` writes, and this script's own question: a minute's build for nothing. Nor what is not
    // there, as in an unpacked archive: that counts as changed every time.
    let sources = ["src", "scenarios", "../Cargo.lock", "../protocol/src", "../server/src", "../reports/src"];
    for path in sources.iter().chain(&["../.git/HEAD", "../.git/logs/HEAD"]).filter(|path| Path::new(path).exists()) {
        println!("cargo:rerun-if-changed={path}");
    }
}

fn revision() -> Option<String> {
    let output = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
