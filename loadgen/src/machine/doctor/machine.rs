//! The machine as a fact beside the results.

use std::fs;

use procfs::{ConfigSetting, CpuInfo, Current, KernelConfig, LoadAverage, Meminfo};
use protocol::results::Machine;

const CONGESTION_CONTROL: &str = "/proc/sys/net/ipv4/tcp_congestion_control";

/// The machine. What it does not tell is `unknown`, or 0.
pub fn machine() -> Machine {
    let uname = rustix::system::uname();
    Machine {
        kernel: format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()),
        cpu: cpu().unwrap_or_else(|| format!("unknown {}", std::env::consts::ARCH)),
        cores: cores(),
        memory_bytes: Meminfo::current().map_or(0, |memory| memory.mem_total),
        load_average: load_average().unwrap_or(0.0),
        irq_time_apart: irq_time_apart(),
        congestion_control: fs::read_to_string(CONGESTION_CONTROL).ok().map(|name| name.trim().to_owned()),
    }
}

/// Logical processors that this process may use; 0 if unknown.
pub(super) fn cores() -> u32 {
    rustix::thread::sched_getaffinity(None).map_or(0, |cpus| cpus.count())
}

/// One-minute load average, to the hundredth that the kernel gives.
pub(super) fn load_average() -> Option<f64> {
    let load = LoadAverage::current().ok()?;
    Some((f64::from(load.one) * 100.0).round() / 100.0)
}

/// Whether interrupts have an account of their own, by `/proc/config.gz` or `/boot/config-RELEASE`.
pub(super) fn irq_time_apart() -> Option<bool> {
    told_apart(&KernelConfig::current().ok()?)
}

fn told_apart(KernelConfig(settings): &KernelConfig) -> Option<bool> {
    // A file without that is no configuration.
    settings.contains_key("CONFIG_HZ").then(|| settings.get("CONFIG_IRQ_TIME_ACCOUNTING") == Some(&ConfigSetting::Yes))
}

/// The model of the first processor; ARM kernels do not name it.
fn cpu() -> Option<String> {
    Some(CpuInfo::current().ok()?.model_name(0)?.to_owned())
}

#[cfg(test)]
mod tests {
    use procfs::FromBufRead;

    use super::*;

    #[test]
    fn this_machine_is_described() {
        let machine = machine();
        assert!(machine.kernel.starts_with("Linux "), "{machine:?}");
        assert!(machine.cores >= 1 && machine.memory_bytes > 100_000_000, "{machine:?}");
        assert!(!machine.cpu.is_empty(), "{machine:?}");
    }

    #[test]
    fn interrupts_are_accounted_as_the_kernel_was_built() {
        for (config, told) in [
            ("CONFIG_HZ=250\nCONFIG_IRQ_TIME_ACCOUNTING=y\n", Some(true)),
            ("CONFIG_HZ=250\n# CONFIG_IRQ_TIME_ACCOUNTING is not set\n", Some(false)),
            ("", None),
        ] {
            assert_eq!(told_apart(&KernelConfig::from_buf_read(config.as_bytes()).unwrap()), told, "{config}");
        }
    }
}
