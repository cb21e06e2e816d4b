use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use woad_tests::{Client, Foreign, eventually, free_address, not_exercised, python};

use crate::world::World;

/// Where Debian has Apache's modules.
const MODULES: &str = "/usr/lib/apache2/modules";
const LOADED: [&str; 9] =
    ["mpm_prefork", "authn_core", "authz_core", "authz_user", "dir", "mime", "ssl", "include", "auth_openidc"];
const PROGRAM: &str = "/usr/sbin/apache2";
/// A start takes a fraction of a second; a visit two or three.
const PATIENCE: Duration = Duration::from_secs(40);

/// Apache with one protected page, which says who is there.
struct Apache {
    address: SocketAddr,
    log: PathBuf,
    process: Option<Child>,
}

impl Apache {
    fn available() -> bool {
        Path::new(PROGRAM).exists() && Path::new(MODULES).join("mod_auth_openidc.so").exists()
    }

    fn new(world: &World) -> Result<Self> {
        let log = world.folder.path().join("apache.log");
        Ok(Self { address: free_address()?, log, process: None })
    }

    fn root(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    fn page(&self) -> String {
        format!("{}/protected/page.shtml", self.root())
    }

    fn redirect_uri(&self) -> String {
        format!("{}/protected/redirect_uri", self.root())
    }

    fn configuration(&self, world: &World, client: &Client) -> String {
        let folder = world.folder.path().display();
        let modules: Vec<String> =
            LOADED.iter().map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n")).collect();
        let modules = modules.concat();
        format!(
            "ServerRoot {folder}\nPidFile {folder}/apache.pid\nServerName localhost\nListen {}\n{modules}\
             ErrorLog {}\nLogLevel warn\nUser nobody\nGroup nogroup\nMutex posixsem default\nKeepAlive Off\n\
             DocumentRoot {folder}/pages\nTypesConfig /dev/null\nAddType text/html .shtml\n\
             SSLEngine on\nSSLSessionCache none\n\
             SSLCertificateFile {folder}/server.pem\nSSLCertificateKeyFile {folder}/server.key\n\
             OIDCProviderMetadataURL {}/.well-known/openid-configuration\n\
             OIDCClientID {}\nOIDCClientSecret {}\nOIDCRedirectURI {}\nOIDCCryptoPassphrase of-this-test\n\
             OIDCPKCEMethod S256\nOIDCScope \"openid email profile\"\nOIDCRemoteUserClaim sub\n\
             OIDCCABundlePath {}\n\
             <Directory {folder}/pages>\nOptions +Includes\nAddOutputFilter INCLUDES .shtml\nRequire all granted\n</Directory>\n\
             <Location /protected>\nAuthType openid-connect\nRequire valid-user\n</Location>\n",
            self.address,
            self.log.display(),
            world.realm.issuer,
            client.id,
            client.secret,
            self.redirect_uri(),
            world.authority().display(),
        )
    }

    /// Starts it as one process that goes with this test.
    async fn start(&mut self, world: &World, client: &Client) -> Result<()> {
        let folder = world.folder.path();
        world.cluster.authority.issue(&["localhost", "127.0.0.1"], folder)?;
        let pages = folder.join("pages/protected");
        fs::create_dir_all(&pages)?;
        let page = "user=<!--#echo var=\"REMOTE_USER\" --> email=<!--#echo var=\"OIDC_CLAIM_email\" -->";
        fs::write(pages.join("page.shtml"), page)?;
        fs::write(folder.join("apache.conf"), self.configuration(world, client))?;
        let output = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(PROGRAM);
        command.arg("-X").arg("-f").arg(folder.join("apache.conf"));
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).kill_on_drop(true);
        self.process = Some(command.spawn()?);
        let look = async || TcpStream::connect(self.address).await.ok().map(drop);
        eventually("Apache listens", PATIENCE, look).await.with_context(|| self.said())?;
        Ok(())
    }

    fn said(&self) -> String {
        format!("Apache said: {}", fs::read_to_string(&self.log).unwrap_or_default())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apaches_mod_auth_openidc_lets_a_person_in_and_out() -> Result<()> {
    if !Apache::available() {
        return not_exercised("Apache with mod_auth_openidc is not installed");
    }
    let Some(python) = python() else { return not_exercised("WOAD_PYTHON names no Python with Beautiful Soup") };
    let world = World::new().await?;
    let mut apache = Apache::new(&world)?;
    let goodbye = format!("{}/goodbye", apache.root());
    let client = world.application("apache", &apache.redirect_uri(), &goodbye).await?;
    apache.start(&world, &client).await?;
    let asked = json!({
        "authority": world.authority(),
        "issuer": world.realm.issuer,
        "page": apache.page(),
        "redirect_uri": apache.redirect_uri(),
        "goodbye": goodbye,
        "user": world.person.user_name,
        "password": world.person.password,
    });
    let script = Foreign::python(&python, "protected_page.py");
    let saw = script.converse(&asked, &world.gate, PATIENCE).await.with_context(|| apache.said())?;
    let expected = format!("user={} email=alice@example.org", world.person.id);
    ensure!(saw["seen"].as_str().map(str::trim) == Some(expected.as_str()), "the page says {}", saw["seen"]);
    world.finish().await
}
