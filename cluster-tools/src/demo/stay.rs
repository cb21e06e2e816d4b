//! After the story: what to try, for as long as one likes.

use std::time::Duration;

use super::Wanted;
use super::fault::Fault;
use super::oauth::SCOPE;
use super::report::Report;
use super::steps::{Credentials, Story};
use super::world::World;

/// How often the processes are looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Where a browser may sign in. It has to be told to trust the demo's authority, or to go on without.
pub(super) fn sign_in_url(world: &World) -> String {
    world.sites.first().map(|site| format!("{}/account", site.url)).unwrap_or_default()
}

/// Prints URLs, credentials and lines to try.
pub(super) fn guide(world: &World, story: &Story, wanted: &Wanted, report: &Report) {
    let say = |text: String| report.say(&text);
    say(String::new());
    for site in &world.sites {
        let pid = world.processes.pid(site.number).unwrap_or_default();
        say(format!("node {}  {}  operations http://{}  pid {pid}", site.number, site.url, site.operations));
    }
    let Credentials { realm, issuer, client, secret } = &story.credentials;
    let alice = &story.loaded.alice;
    say(format!("realm   {realm}, issuer {issuer}"));
    say(format!("client  {client}"));
    say(format!("secret  {secret}"));
    say(format!("sign in {} as {} with password {}", sign_in_url(world), alice.name, alice.password));
    say(format!("folder  {} (CA, logs, sockets)", world.path().display()));
    if let Some(path) = &wanted.env_file {
        say(format!("shell   . {}", path.display()));
    }
    let curl = format!("curl -s --cacert {} -u {client}:{secret}", world.ca().display());
    let urls: Vec<&str> = world.sites.iter().map(|site| site.url.as_str()).collect();
    if let [one, two, three] = urls.as_slice() {
        say("\nTo try:\n".to_owned());
        say(format!(
            "TOKEN=$({curl} -d grant_type=client_credentials -d scope={SCOPE} {one}/token | sed 's/.*\"access_token\":\"\\([^\"]*\\).*/\\1/')"
        ));
        say(format!("{curl} -d token=$TOKEN {two}/introspect"));
        say(format!("{curl} -d token=$TOKEN {three}/revoke"));
        say(format!("{curl} -d token=$TOKEN {one}/introspect"));
        say(format!("curl -s --cacert {} {one}/jwk", world.ca().display()));
    }
    if let (Ok(program), Some(site)) = (std::env::current_exe(), world.sites.first()) {
        let socket = site.folder.join("woad.sock");
        say(format!("{} --socket {} cluster status", program.display(), socket.display()));
    }
    say("\nCtrl-C stops the nodes and removes the folder.".to_owned());
}

/// Says when a node ends, which the user may well have wanted. Returns when none is left.
pub(super) async fn watch(world: &mut World, report: &Report) -> Fault {
    loop {
        tokio::time::sleep(LOOK).await;
        while let Some((number, status)) = world.processes.ended() {
            let site = world.sites.iter().find(|site| site.number == number);
            report.say(&format!("\nnode {number} has ended ({status})"));
            if let Some(site) = site {
                let (binary, config) = (world.processes.binary().display(), site.config());
                report.say(&format!("to start it again: {binary} --config {}", config.display()));
            }
            if !world.sites.iter().any(|site| world.processes.pid(site.number).is_some()) {
                return Fault::Ended { number, status };
            }
        }
    }
}
