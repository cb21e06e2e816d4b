//! A password that is asked for at a terminal.

#![cfg(test)]

mod fake_node;

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};

use fake_node::FakeNode;
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

/// A terminal with `woadctl` at it.
struct Terminal {
    keyboard: File,
    screen: File,
    tty: File,
    child: Child,
}

impl Terminal {
    fn with(node: &FakeNode, line: &str) -> Self {
        let pty = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&pty).unwrap();
        unlockpt(&pty).unwrap();
        let name = ptsname(&pty, Vec::new()).unwrap();
        let noctty = i32::try_from(OFlags::NOCTTY.bits()).unwrap();
        let mut open = OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::custom_flags(open.read(true).write(true), noctty);
        let tty = open.open(OsStr::from_bytes(name.as_bytes())).unwrap();
        let at = || Stdio::from(OwnedFd::from(tty.try_clone().unwrap()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_woadctl"));
        command.arg("--socket").arg(node.socket()).args(line.split(' ')).env_remove("WOAD_OPERATIONS_SOCKET");
        let child = command.stdin(at()).stdout(at()).stderr(at()).spawn().unwrap();
        let keyboard = File::from(pty);
        Self { screen: keyboard.try_clone().unwrap(), keyboard, tty, child }
    }

    /// Waits for these last words.
    fn until(&mut self, words: &str) -> String {
        let mut seen = Vec::new();
        while !seen.ends_with(words.as_bytes()) {
            let mut byte = [0];
            self.screen.read_exact(&mut byte).unwrap();
            seen.push(byte[0]);
        }
        String::from_utf8(seen).unwrap()
    }

    fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    fn shows_what_is_typed(&self) -> bool {
        tcgetattr(&self.tty).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    fn signal(&mut self, signal: Signal) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.child.wait().unwrap()
    }
}

#[test]
fn a_password_is_asked_for_twice_and_not_shown() {
    let node = FakeNode::answering(204, "");
    let mut terminal = Terminal::with(&node, "user set-password vo alice");
    terminal.until("New password of alice: ");
    assert!(!terminal.shows_what_is_typed());
    terminal.type_in("s3cret horse\n");
    let seen = terminal.until("Once more: ");
    terminal.type_in("s3cret horse\n");
    let rest = terminal.until("password of alice is set\r\n");
    assert!(!seen.contains("s3cret") && !rest.contains("s3cret"), "{seen}{rest}");
    assert!(terminal.child.wait().unwrap().success());
    assert!(terminal.shows_what_is_typed());
    assert_eq!(node.bodies(), [r#"{"password":"s3cret horse"}"#]);
}

#[test]
fn two_passwords_that_differ_are_none() {
    let node = FakeNode::answering(204, "");
    let mut terminal = Terminal::with(&node, "user set-password vo alice");
    terminal.until(": ");
    terminal.type_in("s3cret horse\n");
    terminal.until(": ");
    terminal.type_in("s3cret house\n");
    terminal.until("nothing was done\r\n");
    assert_eq!(terminal.child.wait().unwrap().code(), Some(2));
    assert!(node.requests().is_empty());
}

#[test]
fn a_password_without_answer_may_be_set() {
    let node = FakeNode::hanging_up();
    let mut terminal = Terminal::with(&node, "user set-password vo alice");
    for _ in 0..2 {
        terminal.until(": ");
        terminal.type_in("s3cret horse\n");
    }
    let seen = terminal.until("it is not known whether it happened");
    assert!(!seen.contains("s3cret"), "{seen}");
    assert_eq!(terminal.child.wait().unwrap().code(), Some(4));
}

#[test]
fn who_leaves_the_prompt_gets_the_terminal_back() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129), (Signal::QUIT, 131)] {
        let node = FakeNode::answering(204, "");
        let mut terminal = Terminal::with(&node, "user set-password vo alice");
        terminal.until("New password of alice: ");
        terminal.type_in("s3cr");
        assert!(!terminal.shows_what_is_typed());
        assert_eq!(terminal.signal(signal).code(), Some(code), "{signal:?}");
        assert!(terminal.shows_what_is_typed(), "{signal:?}");
        assert!(node.requests().is_empty());
    }
}
