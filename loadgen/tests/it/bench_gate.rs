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
const CARGO: &str = r#"[ ! -e broken ] || { echo 'error: could not compile `loadgen`' >&2; exit 101; }
to=${CARGO_TARGET_DIR-$PWD/target}/${CARGO_BUILD_TARGET-.}/release
mkdir -p "$to" && cp program "$to/loadgen"
echo "{\"reason\":\"compiler-artifact\",\"executable\":\"$to/loadgen\"}""#;
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
        for name in ["scripts/bench-gate", "scripts/built.py"] {
            repository.write(name, &of_this_repository(name));
        }
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

    fn rev(&self, name: &str) -> String {
        self.git(&format!("rev-parse {name}")).trim().to_owned()
    }

    fn start(&self, arguments: &str) -> Loadgen {
        self.start_with(arguments, &[])
    }

    fn start_with(&self, arguments: &str, variables: &[(&str, &str)]) -> Loadgen {
        // Whoever runs the tests in the background has Ctrl-C ignored, and a shell cannot trap what it was born ignoring.
        let mut command = Command::new("env");
        command.arg("--default-signal=INT").arg(self.path().join("scripts/bench-gate"));
        let path = format!("{}:{}", self.path().join("bin").display(), std::env::var("PATH").unwrap());
        command.args(arguments.split_whitespace()).env("PATH", path).envs(variables.iter().copied());
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

fn of_this_repository(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

#[test]
fn two_revisions_are_built_and_gated() {
    let repository = Repository::new();
    let ended = repository.gate("good --repeats 3");
    assert_eq!(ended.status, Some(0), "{ended:#?}");
    let told: Vec<&str> = ended.stdout[0].split(' ').collect();
    let ["gate", "--base", base, "--head", head, "--repeats", "3"] = told[..] else { panic!("{ended:#?}") };
    for (program, name) in [(base, "good"), (head, "better")] {
        assert!(program.starts_with(&format!("target/bench-gate/loadgen-{}-", repository.rev(name))), "{program}");
    }

    let again = repository.gate("good better --worse");
    assert_eq!(again.status, Some(4), "its status is the gate's: {again:#?}");
    assert!(again.message().contains("built before: base: good"), "{again:#?}");
    let same = repository.gate("better better");
    assert!(same.message().contains("an A/A gate"), "{same:#?}");
}

#[test]
fn what_is_checked_out_is_gated_against_itself_by_the_checkouts_build() {
    let repository = Repository::new();
    let ended = repository.gate("HEAD");
    assert!(ended.status == Some(0) && ended.message().contains("an A/A gate"), "{ended:#?}");
    assert!(repository.path().join("target/release/loadgen").exists(), "built where the checkout builds");
    assert!(!repository.path().join("target/bench-gate/build").exists(), "and nowhere else");
}

#[test]
fn what_cannot_be_gated_is_refused_with_the_remedy() {
    let repository = Repository::new();
    for (arguments, said) in [
        ("", &["BASE_REV is missing", "such as origin/main"][..]),
        (
            "no-such-rev --out page",
            &["no revision `no-such-rev`", "git says: fatal: Needed a single revision", "git fetch"],
        ),
        (
            "broken --out=page",
            &["could not compile", "base (broken) does not build", "Gate against a revision that does"],
        ),
    ] {
        let ended = repository.gate(arguments);
        assert_eq!(ended.status, Some(2), "{arguments}: {ended:#?}");
        said.iter().for_each(|said| assert!(ended.message().contains(said), "{arguments}: {}", ended.message()));
        if arguments.contains("page") {
            let [page, junit] = ["gate.md", "junit.xml"].map(|name| repository.path().join("page").join(name));
            let (page, junit) = (fs::read_to_string(page).unwrap(), fs::read_to_string(junit).unwrap());
            assert!(page.contains("not measured") && said.iter().all(|said| page.contains(said)), "{page}");
            assert!(junit.contains("<error message=") && said.iter().all(|said| junit.contains(said)), "{junit}");
        }
    }
    repository.write("change", "not committed");
    let dirty = repository.gate("good");
    assert_eq!(dirty.status, Some(2), "{dirty:#?}");
    assert!(dirty.message().contains("commit or stash"), "{}", dirty.message());
    // What is checked out is not what is measured here.
    assert_eq!(repository.gate("good good").status, Some(0));
}

#[test]
fn what_git_says_is_passed_on() {
    let repository = Repository::new();
    let clone = repository.path().join("clone");
    repository.git(&format!("clone -q --depth 1 file://{} {}", repository.path().display(), clone.display()));
    let gate = |arguments: &str| {
        let mut command = Command::new(clone.join("scripts/bench-gate"));
        command.args(arguments.split(' '));
        Loadgen::spawn(&clone, command).ended()
    };
    let shallow = gate("HEAD^1");
    assert_eq!(shallow.status, Some(2), "{shallow:#?}");
    assert!(shallow.message().contains("this clone is shallow: git fetch --unshallow"), "{}", shallow.message());
    fs::write(clone.join(".git/config"), "[core]\nrepositoryformatversion = 99\n").unwrap();
    let unread = gate("HEAD --out page");
    assert_eq!(unread.status, Some(2), "{unread:#?}");
    let page = fs::read_to_string(clone.join("page/gate.md")).unwrap();
    for said in [unread.message(), page] {
        assert!(said.contains("git does not read this repository: fatal: ") && said.contains("found 99"), "{said}");
    }
}

#[test]
fn what_was_built_is_what_is_gated() {
    let repository = Repository::new();
    // Where a guess would look lies what somebody built long ago.
    for stale in ["target/release/loadgen", "target/bench-gate/build/release/loadgen"] {
        repository.write(stale, "#!/bin/sh\necho stale\n");
    }
    let ended =
        repository.start_with("good", &[("CARGO_BUILD_TARGET", "elsewhere"), ("CARGO_TARGET_DIR", "mine")]).ended();
    assert_eq!(ended.status, Some(0), "{ended:#?}");
    assert!(ended.stdout[0].starts_with("gate --base"), "{ended:#?}");
    // Another compiler's flags are another program; the checkout's own build is left alone.
    let flags = repository.start_with("good", &[("RUSTFLAGS", "-Ctarget-cpu=native")]).ended();
    assert!(!flags.message().contains("built before"), "{flags:#?}");
    assert!(fs::read_to_string(repository.path().join("target/release/loadgen")).unwrap().contains("stale"));
}

#[test]
fn a_pull_request_answers_for_its_own_commits() {
    let repository = Repository::new();
    repository.git("checkout -q -b topic");
    repository.write("mine", "");
    repository.commit("mine");
    repository.git("checkout -q main");
    repository.write("theirs", "");
    repository.commit("theirs");
    repository.git("merge -q --no-ff -m merged topic");
    let workflow = of_this_repository(".github/workflows/bench.yml");
    let line = workflow.lines().find_map(|line| line.trim().strip_prefix("scripts/bench-gate ")).unwrap();
    let line = line.strip_suffix(" || status=$?").expect("an undecided gate lets a change pass");
    let ended = repository.gate(line);
    assert_eq!(ended.status, Some(0), "{ended:#?}");
    let told = |name: &str| ended.stdout[0].contains(&repository.rev(name));
    assert!(told("theirs") && told("HEAD"), "{ended:#?}");
    let said = ended.message();
    let between = said.lines().find(|line| line.starts_with("from base to head: ")).unwrap();
    assert!(between.ends_with(" mine"), "{said}");
    let behind = repository.gate("theirs mine");
    assert!(behind.message().contains("commits of base that head lacks, and answers for too: 1"), "{behind:#?}");
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
