//! Renders results into a folder, to look at: `cargo run -p reports --example render -- DIR
//! [quick|large|single|aa|transports|peers|network|capacity|trouble|again]`. They are made up, but for `again`, which reads what is there.

use std::{fs, io::Write as _, path::PathBuf};

use protocol::clock::now_ns;
use reports::fixture::{Searched, Sweep, fail, save, synthetic, through};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let dir = PathBuf::from(arguments.next().ok_or("name a folder to write to")?);
    let kind = arguments.next().and_then(|kind| kind.into_string().ok());
    fs::create_dir_all(&dir)?;
    let results = match kind.as_deref() {
        Some("large") => Sweep::large().results_in(&dir),
        Some("single") => Sweep { clients: vec![1_000], repeats: 1, ..Sweep::quick() }.results_in(&dir),
        Some("aa") => Sweep::aa(5).results_in(&dir),
        Some("transports") => Sweep::transports().results_in(&dir),
        Some("peers") => {
            let peers = vec!["socketio", "ws", "sockjs", "faye", "nchan", "pushpin", "python-socketio", "own"];
            Sweep { peers, clients: vec![1_000], ..Sweep::quick() }.results_in(&dir)
        }
        Some("network") => {
            let streams = [1.0, 5.0, 20.0, 50.0].map(|rate_hz| synthetic(rate_hz, 128)).to_vec();
            let paths = [0.0, 20.0, 60.0, 180.0].map(through).to_vec();
            Sweep { streams, paths, clients: vec![200], ..Sweep::quick() }.results_in(&dir)
        }
        Some("capacity") => Searched::rates().results_in(&dir),
        Some("again") => reports::load(&dir)?,
        Some("trouble") => {
            let mut results = Sweep::quick().results_in(&dir);
            results.runs[3].generator.workers_cpu_ns[0] = 49_500_000_000;
            results.runs[4].counts.delivered -= 9;
            results.runs[4].counts.missed += 9;
            fail(&mut results.runs[5], "connect", "only 1,203 of 4,000 clients were ready");
            results.runs.pop();
            results
        }
        _ => Sweep::quick().results_in(&dir),
    };
    if kind.as_deref() != Some("again") {
        save(&results)?;
    }
    let began_ns = now_ns();
    let read = reports::load(&dir)?;
    let loaded_ns = now_ns();
    let written = reports::write(&read)?;
    let written_ns = now_ns();
    let mut stdout = std::io::stdout().lock();
    write!(stdout, "{}", reports::summary_table(&read))?;
    let ms = |from_ns: u64, to_ns: u64| (to_ns - from_ns) / 1_000_000;
    writeln!(
        stdout,
        "{} runs read in {} ms, written in {} ms: {} bytes of {}",
        read.runs.len(),
        ms(began_ns, loaded_ns),
        ms(loaded_ns, written_ns),
        fs::metadata(&written.report)?.len(),
        written.report.display(),
    )?;
    Ok(())
}
