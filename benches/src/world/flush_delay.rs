//! Flushes of any program made slower by the same means: `strace` holds each back before it returns, as a disk without write
//! cache would. Other system calls run free (seccomp), and other threads go on meanwhile.

use std::process::Command;
use std::time::Duration;

const CALLS: &str = "fdatasync,fsync";

/// The words before a program that is to be slowed down. With `-D` the program is the child, and strace is its grandchild:
/// signals and accounts of processor time go to the program.
pub(crate) fn words(delay: Duration) -> Vec<String> {
    let (trace, inject) = (format!("trace={CALLS}"), format!("inject={CALLS}:delay_exit={}", delay.as_micros()));
    ["strace", "-D", "--seccomp-bpf", "-f", "-qq", "-e", &trace, "-e", &inject, "-o", "/dev/null"]
        .map(str::to_owned)
        .to_vec()
}

/// Whether this machine lets us do so.
pub(crate) fn works() -> bool {
    let words = words(Duration::from_micros(1));
    let Some((program, rest)) = words.split_first() else { return false };
    Command::new(program).args(rest).arg("true").output().is_ok_and(|done| done.status.success())
}
