//! A real proxy between clients and server: which program with which configuration, started for each run as a server of others is.

use std::{
    fs::{self, Permissions},
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use server::values::Cpus;

use super::others::{Command, Guarded, free_address};

/// Where the clients' connections go.
const LISTEN: &str = "{listen}";
/// Where the server is.
const UPSTREAM: &str = "{upstream}";
/// Where its program stands in what starts it.
const PROGRAM: &str = "{program}";
/// Connections beside the clients' own: of whoever looks, or publishes.
const BESIDE: u32 = 500;
/// Where Debian has programs that not everybody has in PATH.
const FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// A program that can stand between.
#[derive(Debug)]
struct Program {
    name: &'static str,
    /// The configuration that comes with pushbench: as little as streams.
    configuration: &'static str,
    /// How its file is called.
    file: &'static str,
    words: &'static [&'static str],
}

const PROGRAMS: [Program; 3] = [
    Program {
        name: "nginx",
        configuration: include_str!("nginx.conf"),
        file: "nginx.conf",
        words: &[PROGRAM, "-p", ".", "-e", "stderr", "-c", "nginx.conf"],
    },
    Program {
        name: "haproxy",
        configuration: include_str!("haproxy.cfg"),
        file: "haproxy.cfg",
        words: &[PROGRAM, "-db", "-f", "haproxy.cfg"],
    },
    Program {
        name: "caddy",
        configuration: include_str!("Caddyfile"),
        file: "Caddyfile",
        // It would keep its configuration in the user's folders.
        words: &["env", "XDG_CONFIG_HOME=.", "XDG_DATA_HOME=.", PROGRAM, "run", "--config", "Caddyfile"],
    },
];

/// A proxy that was asked for, and is there.
#[derive(Debug)]
pub struct Through {
    /// The program's name.
    pub name: &'static str,
    program: &'static Program,
    file: PathBuf,
    configuration: String,
}

/// Whether a proxy of that name has its configuration from here; any other name is that of a file.
pub fn is_built_in(name: &str) -> bool {
    PROGRAMS.iter().any(|program| program.name == name)
}

impl Through {
    /// The proxy of that name, or the one whose configuration is in that file.
    pub fn find(name: &str) -> anyhow::Result<Self> {
        let names = PROGRAMS.map(|program| program.name).join(", ");
        let file = Path::new(name).file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let Some(program) = PROGRAMS.iter().find(|program| file.contains(program.name)) else {
            bail!(
                "through {name}: there are {names}; or give a configuration's file, which has one of these in its name, as in \
                 ./my-nginx.conf"
            );
        };
        let configuration = if is_built_in(name) {
            program.configuration.to_owned()
        } else {
            fs::read_to_string(name).with_context(|| {
                format!("through {name}: cannot be read; give {names}, or the path of a configuration")
            })?
        };
        for place in [LISTEN, UPSTREAM] {
            ensure!(
                configuration.contains(place),
                "through {name}: it does not say {place}, where an address is filled in; write it where the proxy {}",
                if place == LISTEN { "is to listen" } else { "is to find the server" }
            );
        }
        let places = FOLDERS.map(|folder| Path::new(folder).join(program.name));
        let found = which::which(program.name).ok().or_else(|| places.into_iter().find(|file| file.is_file()));
        let file = found.with_context(|| {
            format!("through {name}: the program {0} is not here; install it: apt-get install {0}", program.name)
        })?;
        Ok(Self { name: program.name, program, file, configuration })
    }

    /// Starts it before a server, for so many clients, in a folder of its own that is gone with it.
    pub async fn start(
        &self,
        upstream: SocketAddr,
        listens: Ipv4Addr,
        clients: u32,
        cpus: Option<&Cpus>,
        patience: Duration,
    ) -> anyhow::Result<Guarded> {
        let address = free_address(listens)?;
        let folder = tempfile::Builder::new().prefix("pushbench-").tempdir().context("no folder for the proxy")?;
        // Its workers may be another user's.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let filled_in = self
            .configuration
            .replace(LISTEN, &address.to_string())
            .replace(UPSTREAM, &upstream.to_string())
            .replace("{clients}", &(clients + BESIDE).to_string())
            // Its own to the server beside each.
            .replace("{connections}", &(2 * (clients + BESIDE)).to_string());
        fs::write(folder.path().join(self.program.file), filled_in)?;
        let file = self.file.to_string_lossy();
        let words = self.program.words.iter().map(|word| word.replace(PROGRAM, &file)).collect();
        let command = Command { words, folder: folder.path().to_owned(), ready: None };
        let name = format!("the proxy {}", self.name);
        let started = Guarded::start_at(address, name, &command, cpus, patience, true).await?;
        // Its guard removes it from now on.
        let _ = folder.keep();
        Ok(started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_stand_between_is_refused_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let file = dir.path().join(name);
            fs::write(&file, text).unwrap();
            file.to_string_lossy().into_owned()
        };
        for (name, reason) in [
            ("squid".to_owned(), "there are nginx, haproxy, caddy; or give a configuration's file"),
            (file("mine.conf", ""), "which has one of these in its name"),
            ("./no-nginx.conf".to_owned(), "through ./no-nginx.conf: cannot be read"),
            (file("nginx-a.conf", "proxy_pass http://{upstream};"), "it does not say {listen}"),
            (file("haproxy-a.cfg", "bind {listen}"), "it does not say {upstream}"),
        ] {
            let error = format!("{:#}", Through::find(&name).unwrap_err());
            assert!(error.contains(reason), "{name}: {error}");
        }
    }

    #[test]
    fn every_configuration_that_comes_along_says_where_it_listens_and_what_is_behind_it() {
        for program in &PROGRAMS {
            for place in [LISTEN, UPSTREAM, "{clients}"] {
                assert!(program.configuration.contains(place), "{}: {place}", program.name);
            }
        }
    }
}
