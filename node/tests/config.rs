//! What an operator writes, and what the node makes of it.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;
use woad::config::{Config, Severity, load};

/// A folder with a certificate, its key and a configuration that can be used.
struct World {
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let world = Self { folder };
        world.write("cert.pem", &made.cert.pem(), 0o644);
        world.write("key.pem", &made.signing_key.serialize_pem(), 0o600);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// The usable configuration with further lines; `{}` in them is the folder.
    fn file(&self, more: &[(&str, &str)]) -> PathBuf {
        let mut table: toml::Table = format!(
            "node.data_dir = '{0}/data'\n\
             https.listen = ['127.0.0.1:18443']\nhttps.certificate = '{0}/cert.pem'\nhttps.key = '{0}/key.pem'\n\
             peer.listen = '127.0.0.1:17443'\n",
            self.folder.path().display()
        )
        .parse()
        .unwrap();
        for (key, value) in more {
            let (section, key) = key.split_once('.').unwrap();
            let value = value.replace("{}", &self.folder.path().display().to_string());
            let section = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            let parsed = format!("v = {value}").parse::<toml::Table>().unwrap().remove("v").unwrap();
            section.as_table_mut().unwrap().insert(key.to_owned(), parsed);
        }
        self.write("woad.toml", &table.to_string(), 0o644)
    }
}

fn from_env(file: Option<&Path>, env: &[(&str, &str)]) -> Result<Config, String> {
    let env = env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    load(file, env).map_err(|error| error.to_string())
}

fn errors(config: &Config) -> Vec<String> {
    let report = config.check();
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(ToString::to_string).collect()
}

#[test]
fn a_good_file_has_no_errors() {
    let world = World::new();
    let config = from_env(Some(&world.file(&[])), &[]).unwrap();
    assert_eq!(errors(&config), Vec::<String>::new());
    assert_eq!(config.socket(), world.path("data/woad.sock"));
    assert_eq!(config.peer.advertised(), "127.0.0.1:17443");
}

#[test]
fn unknown_keys_and_wrong_types_stop_the_start_and_name_their_line() {
    let world = World::new();
    for (text, line, part) in [
        ("[nodes]\n", 1, "unknown field `nodes`"),
        ("[node]\ndata-dir = 'x'\n", 2, "unknown field `data-dir`"),
        ("\n\n[https]\nplain = 'yes'\n", 4, "invalid type"),
        ("[https]\nlisten = ['localhost']\n", 2, "socket address"),
        ("[node]\ndebug_fsync_delay = '10'\n", 2, "no duration"),
        ("[node]\ndebug_fsync_delay = 10\n", 2, "invalid type"),
        ("[log]\nformat = 'xml'\n", 2, "unknown variant"),
        ("[limits]\nconnections = -1\n", 2, "invalid value"),
        ("[node]\ndata_dir = 'a'\ndata_dir = 'b'\n", 3, "duplicate key"),
        ("[node\n", 1, ""),
    ] {
        let file = world.write("woad.toml", text, 0o644);
        let error = from_env(Some(&file), &[]).unwrap_err();
        assert!(error.starts_with(&format!("{}:{line}: ", file.display())) && error.contains(part), "{text}: {error}");
    }
}

#[test]
fn no_error_shows_a_secret() {
    let world = World::new();
    for text in [
        "[cluster]\njoin_token = 31415926\n",
        "[cluster]\njoin_token = ['31415926']\n",
        "[cluster]\njoin_token = '31415926\n",
    ] {
        let file = world.write("woad.toml", text, 0o600);
        let error = from_env(Some(&file), &[]).unwrap_err();
        assert!(!error.contains("31415926"), "{error}");
    }
    let config = from_env(None, &[("WOAD_CLUSTER_JOIN_TOKEN", "31415926")]).unwrap();
    assert!(!format!("{config:?}").contains("31415926"));
    assert!(!toml::to_string(&config).unwrap().contains("31415926"));
    assert_eq!(config.cluster.token().unwrap().unwrap().reveal(), "31415926");
}

#[test]
fn the_environment_wins_over_the_file() {
    let world = World::new();
    let file = world.file(&[("log.level", "'debug'")]);
    let config = from_env(
        Some(&file),
        &[
            ("WOAD_LOG_LEVEL", "warn"),
            ("WOAD_PEER_ADVERTISE", "node1.example.org:7443"),
            ("WOAD_HTTPS_LISTEN", "127.0.0.2:18443"),
            ("WOAD_HTTPS_TRUSTED_PROXIES", "['10.0.0.1', '10.1.0.0/16']"),
            ("WOAD_HTTPS_PLAIN", "true"),
            ("WOAD_LIMITS_CONNECTIONS", "512"),
            ("WOAD_NODE_DEBUG_FSYNC_DELAY", "10ms"),
            ("WOAD_NODE_DATA_DIR", "2026"),
            ("WOAD_OPERATIONS_LISTEN", "\"127.0.0.1:9443\""),
            ("WOADCTL_SOMETHING", "else"),
            ("WOAD_REALM", "of the demo"),
        ],
    )
    .unwrap();
    assert_eq!(config.log.level, "warn");
    assert_eq!(config.peer.advertised(), "node1.example.org:7443");
    assert_eq!(config.https.listen, ["127.0.0.2:18443".parse().unwrap()]);
    assert_eq!(config.https.trusted_proxies.len(), 2);
    assert!(config.https.plain);
    assert_eq!(config.limits.connections, 512);
    assert_eq!(config.node.debug_fsync_delay.unwrap().to_string(), "10ms");
    assert_eq!(config.node.data_dir, Path::new("2026"));
    assert_eq!(config.operations.listen, Some("127.0.0.1:9443".parse().unwrap()));
}

#[test]
fn a_variable_that_names_no_setting_stops_the_start() {
    for name in ["WOAD_PEER_ADVERTISED", "WOAD_", "WOAD_PEER", "WOAD_peer_listen", "WOAD_NODE_DATADIR"] {
        let error = from_env(None, &[(name, "x")]).unwrap_err();
        assert!(error.starts_with(name), "{error}");
    }
    for (name, value) in [("WOAD_PEER_LISTEN", "x"), ("WOAD_LIMITS_CONNECTIONS", "many"), ("WOAD_HTTPS_PLAIN", "1")] {
        let error = from_env(None, &[(name, value)]).unwrap_err();
        assert!(error.starts_with(&format!("{name}: ")), "{error}");
    }
}

#[test]
fn what_cannot_work_is_found_before_the_start() {
    let world = World::new();
    world.write("wide.pem", &fs::read_to_string(world.path("key.pem")).unwrap(), 0o644);
    world.write("group.pem", &fs::read_to_string(world.path("key.pem")).unwrap(), 0o640);
    let other = rcgen::generate_simple_self_signed(vec!["other".to_owned()]).unwrap();
    world.write("other.pem", &other.signing_key.serialize_pem(), 0o600);
    world.write("text", "hello", 0o600);
    world.write("short", "short", 0o600);
    world.write("token", &format!("{}\n", "t".repeat(32)), 0o600);
    world.write("two", &format!("{0}\n{0}\n", "t".repeat(32)), 0o600);

    let bad: &[(&[(&str, &str)], &str)] = &[
        (&[("https.listen", "[]")], "https.listen: names no address"),
        (&[("https.listen", "['127.0.0.1:0']")], "https.listen: 127.0.0.1:0 names no port"),
        (&[("https.listen", "['127.0.0.1:1', '127.0.0.1:1']")], "is taken by https.listen"),
        (&[("peer.listen", "'127.0.0.1:18443'")], "peer.listen: 127.0.0.1:18443 is taken by https.listen"),
        (&[("https.certificate", "'{}/none'")], "https.certificate: "),
        (&[("https.certificate", "'{}'")], "is not a regular file"),
        (&[("https.certificate", "'/dev/zero'")], "is not a regular file"),
        (&[("https.certificate", "'{}/text'")], "https.certificate: holds no PEM certificate"),
        (&[("https.key", "'{}/cert.pem'")], "https.key: "),
        (&[("https.key", "'{}/text'")], "https.key: holds no PEM private key"),
        (&[("https.key", "'{}/other.pem'")], "https.key: is not the key of the certificate"),
        (&[("https.key", "'{}/wide.pem'")], "mode 0644 is wider than 0640"),
        (&[("https.plain", "true")], "https.plain: is set together with a certificate"),
        (&[("peer.listen", "'127.0.0.1:0'")], "peer.listen: 127.0.0.1:0 names no port"),
        (&[("peer.listen", "'0.0.0.0:7443'")], "peer.advertise: is not set"),
        (&[("peer.advertise", "'0.0.0.0:7443'")], "peer.advertise: `0.0.0.0:7443` is an address nobody can connect to"),
        (&[("peer.advertise", "'node1'")], "peer.advertise: `node1` is not host:port"),
        (&[("operations.listen", "'0.0.0.0:9443'")], "operations.listen: 0.0.0.0:9443 is not on loopback"),
        (&[("operations.token_file", "'{}/short'")], "shorter than 32"),
        (&[("operations.token_file", "'{}/two'")], "more than one line"),
        (&[("operations.token_file", "'{}/wide.pem'")], "wider than 0640"),
        (&[("operations.socket", "'/'")], "operations.socket: / is not the path of a file"),
        (&[("cluster.join_token", "''")], "cluster.join_token: is empty"),
        (&[("cluster.join_token", "'a'"), ("cluster.join_token_file", "'{}/token'")], "choose one"),
        (&[("cluster.key_file", "'{}/no/such'")], "cluster.key_file: "),
        (&[("node.data_dir", "'{}/no/such'")], "node.data_dir: "),
        (&[("node.data_dir", "'{}/text'")], "is not a folder"),
        (&[("node.debug_fsync_delay", "'2s'")], "node.debug_fsync_delay: 2s is more than 1s"),
        (&[("log.level", "'info,=,'")], "log.level: "),
        (&[("log.level", "'\u{3400}='")], "not printable ASCII"),
        (&[("limits.connections", "1")], "limits.connections: 1 is not between"),
    ];
    for (lines, expected) in bad {
        let config = from_env(Some(&world.file(lines)), &[]).unwrap();
        let found = errors(&config);
        assert!(found.iter().any(|error| error.contains(expected)), "{lines:?}: {found:?}");
    }
    for lines in [
        &[("https.key", "'{}/group.pem'")][..],
        &[("operations.token_file", "'{}/token'"), ("operations.listen", "'[::1]:9443'")],
        &[("cluster.join_token_file", "'{}/token'")],
        &[("cluster.key_file", "'{}/new.key'")],
    ] {
        let config = from_env(Some(&world.file(lines)), &[]).unwrap();
        assert_eq!(errors(&config), Vec::<String>::new(), "{lines:?}");
    }
}

#[test]
fn plain_http_is_for_loopback_or_behind_named_proxies() {
    let plain = |listen: &str, proxies: &str| {
        let env = [
            ("WOAD_HTTPS_PLAIN", "true"),
            ("WOAD_HTTPS_LISTEN", listen),
            ("WOAD_HTTPS_TRUSTED_PROXIES", proxies),
            ("WOAD_PEER_LISTEN", "127.0.0.1:7443"),
            ("WOAD_NODE_DATA_DIR", "data"),
        ];
        errors(&from_env(None, &env).unwrap())
    };
    assert_eq!(plain("127.0.0.1:8080", "[]"), Vec::<String>::new());
    assert_eq!(plain("0.0.0.0:8080", "10.0.0.0/24"), Vec::<String>::new());
    assert_eq!(plain("0.0.0.0:8080", "[]").len(), 1);
}

#[test]
fn a_pipe_in_a_files_place_is_refused_and_not_waited_for() {
    let world = World::new();
    let pipe = world.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let config = from_env(Some(&world.file(&[("https.certificate", "'{}/pipe'")])), &[]).unwrap();
    let (done, checked) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(errors(&config)));
    let found = checked.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
    assert!(found.iter().any(|error| error.contains("is not a regular file")), "{found:?}");
}

/// Text around the shape of a configuration: sections and keys that exist and that do not, values of every type.
fn written() -> impl Strategy<Value = String> {
    let name = "(node|https|peer|operations|cluster|log|limits|listen|certificate|key|plain|trusted_proxies|advertise\
                |socket|token_file|join_token|level|format|connections|data_dir|debug_fsync_delay|[a-z_.\"]{0,8})";
    let value = "(true|-?[0-9]{1,20}|[0-9]e[0-9]{1,4}|nan|'[^'\n]{0,20}'|\"[a-z0-9.:/\\[\\]]{0,20}\"|\\['[0-9.:/]{0,20}'\\]|\
                 \\{ ?\\}|\\[|1979-05-27|[^\n]{0,10})";
    let line = prop_oneof![
        name.prop_map(|name| format!("[{name}]")),
        (name, name, value).prop_map(|(section, key, value)| format!("{section}.{key} = {value}")),
        (name, value).prop_map(|(key, value)| format!("{key} = {value}")),
    ];
    prop_oneof![proptest::collection::vec(line, 0..6).prop_map(|lines| lines.join("\n")), any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in the file, the node starts with it, or says in one line why not.
    #[test]
    fn any_file_is_a_configuration_or_refused_in_one_line(text in written()) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("woad.toml");
        fs::write(&file, &text).unwrap();
        match from_env(Some(&file), &[]) {
            Ok(config) => drop(config.check()),
            Err(error) => prop_assert!(!error.contains('\n') && !error.is_empty(), "{}", error),
        }
    }

    #[test]
    fn any_bytes_are_a_configuration_or_refused(bytes: Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("woad.toml");
        fs::write(&file, &bytes).unwrap();
        let _ = from_env(Some(&file), &[]);
    }

    #[test]
    fn any_value_of_a_variable_is_taken_or_refused(
        name in "WOAD_(NODE_DATA_DIR|HTTPS_(LISTEN|PLAIN|TRUSTED_PROXIES)|PEER_(LISTEN|ADVERTISE)|LIMITS_CONNECTIONS|LOG_LEVEL|NODE_DEBUG_FSYNC_DELAY|[A-Z_]{0,9})",
        value in "[^\\x00]{0,40}",
    ) {
        match from_env(None, &[(&name, &value)]) {
            Ok(config) => drop(config.check()),
            Err(error) => prop_assert!(error.contains(&name), "{}", error),
        }
    }
}
