//! The configuration file.

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "config_file",
    run: target,
    seeds: || crate::texts(&[
        "[node]\ndata_dir = \"/var/lib/woad\"\n[https]\nlisten = [\"0.0.0.0:8443\"]\ntrusted_proxies = [\"10.0.0.0/24\"]\nplain = false\n[peer]\nlisten = \"0.0.0.0:7000\"\n",
        "[operations]\nlisten = [\"127.0.0.1:9100\"]\n[log]\nlevel = \"info\"\nformat = \"json\"\n[limits]\n[cluster]\njoin_token = \"secret-secret-secret\"\n",
    ]),
    words: &["[node]\n", "[https]\n", "listen = ", "\"10s\"", "[[", "a.b.c = 1\n", "\"\"\"", "'''", "{a={a=", "inf", "1979-05-27T07:32:00Z", "\\U0010ffff", "[[[[[[[[", "trusted_proxies"],
    rounds: 1500,
};

const SECRET: &str = "secret-secret";

/// Any text: refused without a word of what a secret setting holds, or settings that are shown without it.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let file = FOLDER.with(|folder| {
        let path = folder.path().join("woad.toml");
        std::fs::write(&path, text).expect("a file can be written");
        woad::config::load(Some(&path), [])
    });
    let only_there = text.lines().all(|line| line.starts_with("join_token = \"") || !line.contains(SECRET));
    let said = match file {
        Ok(config) => serde_json::to_string(&config).expect("settings can be written"),
        Err(error) => error.to_string(),
    };
    assert!(!said.contains('\n'), "an error is one line");
    assert!(!only_there || !said.contains(SECRET), "no secret is said: {said}");
}

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder for files");
}
