//! Tells the program how it was built: the profile, and the commit.

use std::process::Command;

fn main() {
    let profile = match std::env::var("PROFILE").as_deref() {
        Ok("debug") => "dev".to_owned(),
        Ok(profile) => profile.to_owned(),
        Err(_) => "unknown".to_owned(),
    };
    let opt_level = std::env::var("OPT_LEVEL").unwrap_or_default();
    println!("cargo:rustc-env=PUSHBENCH_PROFILE={profile} (opt-level {opt_level})");
    println!("cargo:rustc-env=PUSHBENCH_REVISION={}", revision().unwrap_or_default());
    println!("cargo:rerun-if-changed=../.git/HEAD");
    println!("cargo:rerun-if-changed=../.git/index");
}

fn revision() -> Option<String> {
    let output = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
