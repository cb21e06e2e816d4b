//! The binary as its users start it.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn woad(args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_woad"));
    command.args(args).env_clear().envs(env.iter().copied());
    command.output().unwrap()
}

fn file(folder: &Path, more: &str) -> String {
    let path = folder.join("woad.toml");
    let text = format!(
        "[node]\ndata_dir = '{}/data'\n[https]\nlisten = ['127.0.0.1:18443']\nplain = true\n\
         [peer]\nlisten = '127.0.0.1:17443'\n{more}",
        folder.display()
    );
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn check_config_tells_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "");
    let output = woad(&["check-config", &good], &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("ok      https.listen: http://127.0.0.1:18443\n"), "{text}");

    let output = woad(&["--config", &good, "check-config"], &[("WOAD_PEER_LISTEN", "0.0.0.0:7443")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("error   peer.advertise: is not set"));

    let output = woad(&["check-config", &good], &[("WOAD_PEER_LISTENS", "0.0.0.0:7443")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("WOAD_PEER_LISTENS names no setting"));

    let unknown = file(folder.path(), "listens = 1\n");
    let output = woad(&["check-config", &unknown], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("unknown field `listens`"));

    assert_eq!(woad(&["check-config", "/no/such/file"], &[]).status.code(), Some(1));
    assert_eq!(woad(&["check-config", &good, "more"], &[]).status.code(), Some(2));
    assert_eq!(woad(&["no-such-command"], &[]).status.code(), Some(2));
}

#[test]
fn a_configuration_with_errors_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let bad = file(folder.path(), "[log]\nlevel = 'info,='\n");
    let output = woad(&["--config", &bad], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("log.level"));
    assert!(!folder.path().join("data").exists());
}

#[test]
fn it_says_what_it_is() {
    let output = woad(&["--version"], &[]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("woad {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(woad(&["--help"], &[]).status.code(), Some(0));
}
