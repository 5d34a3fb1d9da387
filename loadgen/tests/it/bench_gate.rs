//! `scripts/bench-gate`: what it refuses, and that it leaves nothing behind. In a repository of its own, where building is
//! copying a script.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::{Pid, Signal, test_kill_process};
use tempfile::TempDir;

use crate::program::{Ended, Loadgen, eventually};

/// Builds what lies in the tree, if that can be built.
const CARGO: &str = "[ ! -e broken ] || { echo 'error: could not compile `loadgen`' >&2; exit 101; }
mkdir -p \"$CARGO_TARGET_DIR/release\" && cp program \"$CARGO_TARGET_DIR/release/loadgen\"";
/// Says what it was told. Told to wait, it also says who it is, and waits.
const PROGRAM: &str = "echo \"$@\"
case $* in *wait*) echo $$ >waiting.new && mv waiting.new waiting && exec sleep 1000 ;; *worse*) exit 4 ;; esac";

struct Repository {
    dir: TempDir,
}

impl Repository {
    /// Revisions `good` and, after it and checked out, `better`; on a branch `broken` what does not build.
    fn new() -> Self {
        let repository = Self { dir: tempfile::tempdir().unwrap() };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/bench-gate");
        repository.write("scripts/bench-gate", &fs::read_to_string(script).unwrap());
        repository.write("bin/cargo", &format!("#!/bin/sh\n{CARGO}\n"));
        repository.write("program", &format!("#!/bin/sh\n{PROGRAM}\n"));
        repository.write(".gitignore", "target\nwaiting\n");
        repository.git("init -q -b main");
        repository.commit("good");
        repository.write("broken", "");
        repository.commit("broken");
        repository.git("reset -q --hard good");
        repository.write("change", "");
        repository.commit("better");
        repository
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        file
    }

    fn git(&self, arguments: &str) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Test", "-c", "user.email=test@localhost"]).args(arguments.split(' '));
        let output = git.env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(self.path()).output().unwrap();
        assert!(output.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn commit(&self, name: &str) {
        self.git("add --all");
        self.git(&format!("commit -q -m {name}"));
        self.git(&format!("tag {name}"));
    }

    fn start(&self, arguments: &str) -> Loadgen {
        // Whoever runs the tests in the background has Ctrl-C ignored, and a shell cannot trap what it was born ignoring.
        let mut command = Command::new("env");
        command.arg("--default-signal=INT").arg(self.path().join("scripts/bench-gate"));
        let path = format!("{}:{}", self.path().join("bin").display(), std::env::var("PATH").unwrap());
        command.args(arguments.split_whitespace()).env("PATH", path);
        Loadgen::spawn(self.path(), command)
    }

    fn gate(&self, arguments: &str) -> Ended {
        let ended = self.start(arguments).ended();
        self.assert_clean();
        ended
    }

    fn assert_clean(&self) {
        let trees = self.git("worktree list");
        assert_eq!(trees.lines().count(), 1, "{trees}");
        for tree in ["base", "head"] {
            assert!(!self.path().join("target/bench-gate").join(tree).exists(), "{tree}");
        }
    }
}

#[test]
fn two_revisions_are_built_and_gated() {
    let repository = Repository::new();
    let ended = repository.gate("good --repeats 3");
    assert_eq!(ended.status, Some(0), "{ended:#?}");
    let [base, head] = ["good", "better"].map(|name| repository.git(&format!("rev-parse {name}")).trim().to_owned());
    let built = "target/bench-gate/loadgen-";
    let told = format!("gate --base {built}{base} --head {built}{head} --repeats 3");
    assert_eq!(ended.stdout, [told], "{ended:#?}");

    let again = repository.gate("good better --worse");
    assert_eq!(again.status, Some(4), "its status is the gate's: {again:#?}");
    assert!(again.message().contains("built before: base: good"), "{again:#?}");
    let same = repository.gate("better better");
    assert!(same.message().contains("an A/A gate"), "{same:#?}");
}

#[test]
fn what_cannot_be_gated_is_refused_with_the_remedy() {
    let repository = Repository::new();
    for (arguments, said) in [
        ("", &["BASE_REV is missing", "such as origin/main"][..]),
        ("no-such-rev", &["no revision `no-such-rev`", "git fetch"]),
        ("broken", &["could not compile", "base (broken) does not build", "Gate against a revision that does"]),
    ] {
        let ended = repository.gate(arguments);
        assert_eq!(ended.status, Some(2), "{arguments}: {ended:#?}");
        said.iter().for_each(|said| assert!(ended.message().contains(said), "{arguments}: {}", ended.message()));
    }
    repository.write("change", "not committed");
    let dirty = repository.gate("good");
    assert_eq!(dirty.status, Some(2), "{dirty:#?}");
    assert!(dirty.message().contains("commit or stash"), "{}", dirty.message());
    // What is checked out is not what is measured here.
    assert_eq!(repository.gate("good good").status, Some(0));
}

#[test]
fn whoever_ends_it_finds_nothing_left() {
    let repository = Repository::new();
    for signal in [Signal::TERM, Signal::INT] {
        let waiting = repository.path().join("waiting");
        let gate = repository.start("good --wait");
        let pid = eventually("the gate is at work", || fs::read_to_string(&waiting).ok());
        let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        gate.signal(signal);
        let ended = gate.ended();
        assert_eq!(ended.status, Some(128 + signal.as_raw()), "{ended:#?}");
        repository.assert_clean();
        assert!(test_kill_process(pid).is_err(), "what it started goes on");
        fs::remove_file(&waiting).unwrap();
    }
}
