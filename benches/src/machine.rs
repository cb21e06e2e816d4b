//! The machine: who uses it, and how much each process does.

use std::fs::read_to_string;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Linux counts processor time in hundredths of a second (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;
/// More of the machine than this in others' hands, and the figures are not ours.
const MAX_FOREIGN_SHARE: f64 = 0.05;

/// Processors this process may use.
pub(crate) fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Load average of the last minute.
pub(crate) fn load_average() -> f64 {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(f64::NAN)
}

/// Model of the processor and release of the kernel.
pub(crate) fn description() -> String {
    let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} × {}, Linux {}", cpus(), model.unwrap_or("unknown processor"), kernel.trim())
}

/// Keeps this process's only thread on one processor, so that it takes nothing from the server beside it; `None` lets
/// it go again. Without `taskset`, or with one processor, nothing happens.
pub(crate) fn pin_self(cpu: Option<usize>) {
    let list = cpu.map_or_else(|| format!("0-{}", cpus_of_machine() - 1), |cpu| cpu.to_string());
    let pid = std::process::id().to_string();
    // Where it cannot be pinned the figures say so: server and load then share.
    let _ = Command::new("taskset").args(["-cp", &list, &pid]).output();
}

/// Whether servers and load can have a processor each.
pub(crate) fn can_pin() -> bool {
    cpus_of_machine() > 1 && Command::new("taskset").arg("--version").output().is_ok()
}

pub(crate) fn cpus_of_machine() -> usize {
    let text = read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines().filter(|line| line.starts_with("processor")).count().max(1)
}

/// Processor time of a process and of the children it has waited for.
#[derive(Clone, Copy, Debug)]
struct ProcessTime {
    own: Duration,
    children: Duration,
}

fn process_time(pid: u32) -> Option<ProcessTime> {
    let text = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything; utime is the 12th word behind it.
    let words: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| words.get(at)?.parse::<f64>().ok();
    let sum = |at: usize| Some(Duration::from_secs_f64((ticks(at)? + ticks(at + 1)?) / TICKS_PER_SECOND));
    Some(ProcessTime { own: sum(11)?, children: sum(13)? })
}

/// Processor time that a process has used.
pub(crate) fn cpu_time(pid: u32) -> Duration {
    process_time(pid).map(|time| time.own).unwrap_or_default()
}

/// A line of `/proc/PID/status`, in MiB.
pub(crate) fn memory_mib(pid: u32, line: &str) -> anyhow::Result<f64> {
    let text = read_to_string(format!("/proc/{pid}/status"))?;
    let found = text.lines().find_map(|each| each.strip_prefix(line)?.strip_prefix(':'));
    let kib: f64 = found.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).context("no such line")?;
    Ok(kib / 1024.0)
}

/// The machine's busy time so far, ours included.
pub(crate) fn busy() -> Option<Duration> {
    let text = read_to_string("/proc/stat").ok()?;
    let words: Vec<f64> =
        text.lines().next()?.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal
    let ticks: f64 =
        words.iter().take(8).enumerate().filter(|(at, _)| *at != 3 && *at != 4).map(|(_, each)| each).sum();
    Some(Duration::from_secs_f64(ticks / TICKS_PER_SECOND))
}

/// Watches whether the machine was ours.
pub(crate) struct Watch {
    load_before: f64,
    started: Instant,
    busy: Option<Duration>,
}

/// What a watch has seen.
pub(crate) struct Seen {
    pub(crate) load_before: f64,
    pub(crate) load_after: f64,
    /// Of all processors' time, what neither this process nor its children used.
    pub(crate) foreign_share: f64,
    pub(crate) valid: bool,
}

impl Watch {
    pub(crate) fn start() -> Self {
        Self { load_before: load_average(), started: Instant::now(), busy: busy() }
    }

    /// To be asked once every child has been waited for.
    pub(crate) fn stop(&self) -> Seen {
        let ours = process_time(std::process::id()).map(|time| time.own + time.children).unwrap_or_default();
        let all = busy().zip(self.busy).map(|(now, before)| now.saturating_sub(before)).unwrap_or_default();
        let cpus = u32::try_from(cpus_of_machine()).unwrap_or(1);
        let share = all.saturating_sub(ours).as_secs_f64() / (self.started.elapsed() * cpus).as_secs_f64();
        Seen {
            load_before: self.load_before,
            load_after: load_average(),
            foreign_share: share,
            valid: share <= MAX_FOREIGN_SHARE,
        }
    }
}
