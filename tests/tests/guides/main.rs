//! Guides are executed: the command blocks of `docs/first-cluster.md` with three processes on 127.0.0.1 to 127.0.0.3 in the
//! place of the hosts, those of README and `docs/people.md` against a running demo, and `deploy/woad.toml` as a node would read it.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use woad_tests::guide::script::{against_demo, on_hosts};
use woad_tests::guide::{Stage, block, page as read, repository, script};

#[test]
fn the_first_cluster_guide_works_as_written() -> Result<()> {
    if !script::tools_present()? {
        return Ok(());
    }
    let guide = read("docs/first-cluster.md")?;
    let blocks = block::parse(&guide)?;
    ensure!(blocks.len() > 10, "the guide has lost its blocks");
    let stage = Stage::new()?;
    stage.run(&on_hosts(&stage, &blocks)?)
}

#[test]
fn the_readme_and_the_guide_to_people_work_against_the_demo() -> Result<()> {
    if !script::tools_present()? {
        return Ok(());
    }
    let mut blocks = Vec::new();
    for page in ["README.md", "docs/people.md"] {
        let of_page = block::parse(&read(page)?)?;
        ensure!(!of_page.is_empty(), "{page} has lost its blocks");
        blocks.extend(of_page);
    }
    let stage = Stage::new()?;
    stage.run(&against_demo(&stage, &blocks)?)
}

#[test]
fn the_example_configuration_is_accepted() -> Result<()> {
    let stage = Stage::new()?;
    let host = stage.host("iam1")?;
    let text = host.place(&read("deploy/woad.toml")?);
    fs::write(host.folder.join("etc/woad/woad.toml"), text)?;
    stage.run(&script::check_config(&stage, &host))
}

#[test]
fn links_between_pages_lead_somewhere() -> Result<()> {
    let folder = repository();
    let mut pages = vec![folder.join("README.md"), folder.join("CHANGELOG.md"), folder.join("SECURITY.md")];
    for docs in ["docs", "docs/adr"] {
        for entry in fs::read_dir(folder.join(docs))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    for page in pages {
        for target in block::links(&fs::read_to_string(&page)?) {
            let place = page.parent().context("a page lies in a folder")?.join(&target);
            ensure!(place.exists(), "{}: {target} leads nowhere", page.display());
        }
    }
    Ok(())
}
