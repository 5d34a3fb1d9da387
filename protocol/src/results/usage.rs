//! Memory and CPU in a run: the server's, the generator's, the machine's.

use serde::{Deserialize, Serialize};

use super::LosslessHistogram;

/// The server's processes, observed from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerUsage {
    /// At rest: exact figures.
    pub plateaus: Plateaus,
    /// All along: cheap figures.
    pub timeline: Vec<TimelineSample>,
    /// CPU time within the measure phase.
    pub cpu: Cpu,
    /// The proxy's part of that; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_cpu: Option<Cpu>,
    /// How kernel memory was counted, for the reader.
    pub kernel_method: String,
    /// Peak resident memory (`VmHWM`).
    pub peak_rss_bytes: u64,
    /// Name and id of each, if they were found by the sockets that they hold; empty for the one that was started for the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<String>,
    /// Time within the measure phase in which their control group was kept from running, summed over processors; absent if it does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_ns: Option<u64>,
}

/// Memory at four points of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plateaus {
    /// Ready, before the first client.
    pub empty: MemorySample,
    /// Every client ready, no update yet.
    pub idle: Option<MemorySample>,
    /// After the measure phase: once everything has arrived or, if the server ran already, at its end.
    pub busy: Option<MemorySample>,
    /// Every client gone.
    pub drained: Option<MemorySample>,
}

/// Memory at one moment, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemorySample {
    /// Resident, shared pages included (`VmRSS`).
    pub rss: u64,
    /// Resident, shared pages divided among those who share them (`Pss` of `smaps_rollup`).
    pub pss: u64,
    /// The proxy's part of that; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_pss: Option<u64>,
    /// Resident and anonymous: heap and stacks.
    pub anonymous: u64,
    /// Asked for and not given back, by the allocator's own account; absent if the server is not ours to ask.
    pub in_use: Option<u64>,
    /// Kernel: buffers of the server's TCP sockets.
    pub socket_buffers: u64,
    /// Kernel: slab, as `kernel_method` says.
    pub slab: u64,
    /// Threads.
    pub threads: u32,
    /// Open file descriptors.
    pub open_files: u32,
}

/// A cheap look at the server.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimelineSample {
    /// Milliseconds since the run began.
    pub at_ms: f64,
    /// Resident memory, approximate (`statm`).
    pub rss_bytes: u64,
    /// Buffers of all TCP sockets of the machine, both ends (`sockstat`).
    pub tcp_buffers_bytes: u64,
    /// CPU time of the process so far, all threads.
    pub cpu_ns: u64,
}

/// CPU time of a process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cpu {
    /// All of it, from the scheduler's nanosecond account of every thread (`schedstat`).
    pub total_ns: u64,
    /// The part in user mode: `total_ns` split as the kernel's coarser `utime` and `stime` stand to each other.
    pub user_ns: u64,
    /// The part in the kernel.
    pub system_ns: u64,
}

/// Processor time on the machine, whoever's, within the measure phase, from the kernel's ticks (`/proc/stat`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineUsage {
    /// Processors that server or generator may use; those of the whole machine in results of before there was a difference.
    pub processors: u32,
    /// Time in which they were not idle, stolen time left out.
    pub busy_ns: u64,
    /// Time in which the hypervisor gave them to somebody else.
    pub stolen_ns: u64,
    /// Connections that found a listener's queue full (`ListenOverflows` of `/proc/net/netstat`), in the whole run.
    pub listen_overflows: u64,
    /// Times that TCP came under memory pressure (`TCPMemoryPressures`), in the whole run.
    pub memory_pressures: u64,
}

/// What TCP did within the measure phase, on all connections of the network namespace: nobody counts it by process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpUsage {
    /// Segments sent, those sent again left out (`OutSegs` of `/proc/net/snmp`).
    pub segments: u64,
    /// Acknowledgements that waited for data to ride on until their time was up (`DelayedACKs` of `/proc/net/netstat`).
    pub delayed_acks: u64,
    /// Segments sent with data (`TCPOrigDataSent`). The others are acknowledgements, and the beginnings and ends of connections. (`TCPPureAcks`
    /// lacks those that header prediction takes in: 49 of 50.)
    pub data_segments: u64,
}

/// The generator's own effort within the measure phase.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GeneratorUsage {
    /// CPU time of the whole process, without the loops that keep processors awake.
    pub cpu: Cpu,
    /// CPU time of those loops, nanoseconds. They run where nothing else would.
    #[serde(default)]
    pub awake_ns: u64,
    /// The part of it that was of the thread which publishes to a server of others, nanoseconds; absent where the server publishes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher_cpu_ns: Option<u64>,
    /// CPU time of each worker thread, nanoseconds.
    pub workers_cpu_ns: Vec<u64>,
    /// For how long each of them could have run and waited for a processor, nanoseconds (the second field of `schedstat`); empty in older results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workers_waited_ns: Vec<u64>,
    /// How long after an edge of the measure phase all counters had been read, nanoseconds, the later of the two; 0 in older results.
    #[serde(default)]
    pub edge_late_ns: u64,
    /// From the arrival of bytes in the kernel to their being read, nanoseconds, on a sample of the connections
    /// (`SO_TIMESTAMPNS`): how late the generator itself was.
    pub loop_lag: Option<LosslessHistogram>,
    /// Resident memory at the end of the measure phase.
    pub rss_bytes: u64,
    /// Time within the measure phase in which its control group was kept from running, summed over processors; absent if it does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_ns: Option<u64>,
}
