//! What a shell needs to use the demo's cluster.

use std::fmt::Write as _;
use std::path::Path;

use super::fault::Fault;
use super::stay::sign_in_url;
use super::steps::Story;
use super::world::World;
use crate::private_file;

/// Writes the file, mode 0600, in the place of any other.
pub(super) fn write(path: &Path, world: &World, story: &Story) -> Result<(), Fault> {
    let Story { credentials, loaded } = story;
    let mut values: Vec<(String, String)> = Vec::new();
    for site in &world.sites {
        values.push((format!("WOAD_URL_{}", site.number), site.url.clone()));
    }
    let mut push = |name: &str, value: &str| values.push((name.to_owned(), value.to_owned()));
    push("WOAD_CA", &world.ca().to_string_lossy());
    push("WOAD_REALM", &credentials.realm);
    push("WOAD_CLIENT_ID", &credentials.client);
    push("WOAD_CLIENT_SECRET", &credentials.secret);
    push("WOAD_ADMIN_TOKEN", &loaded.admin_token);
    push("WOAD_OPERATOR_TOKEN", &world.operator_token);
    push("WOAD_APPLICATION_ID", &loaded.application);
    push("WOAD_TEST_USER", &loaded.alice.name);
    push("WOAD_TEST_PASSWORD", &loaded.alice.password);
    push("WOAD_SIGN_IN_URL", &sign_in_url(world));
    push("WOAD_DIR", &world.path().to_string_lossy());
    for site in &world.sites {
        let pid = world.processes.pid(site.number).map(|pid| pid.to_string()).unwrap_or_default();
        values.push((format!("WOAD_PID_{}", site.number), pid));
    }
    private_file::replace(path, &text(&values)).map_err(|source| Fault::File { path: path.to_owned(), source })
}

fn text(values: &[(String, String)]) -> String {
    values.iter().fold(String::new(), |mut text, (name, value)| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "export {name}='{}'", value.replace('\'', r"'\''"));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_shell_reads_values_as_they_are() {
        let written = text(&[("A".to_owned(), "it's $HOME".to_owned())]);
        let script = format!("{written}printf %s \"$A\"");
        let out = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(out.stdout, b"it's $HOME");
    }
}
