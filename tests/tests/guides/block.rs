//! Command blocks in a page: fences that begin with `sh test`, and comments that run a named one again.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

/// A block to be run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    /// Its first line in the page.
    pub line: usize,
    /// Where: names of hosts, in turn.
    pub on: Vec<String>,
    /// Keep what it prints under this name.
    pub save: Option<String>,
    /// What to type: something kept before.
    pub stdin: Option<String>,
    /// The commands.
    pub text: String,
}

fn attributes(words: &str) -> BTreeMap<&str, &str> {
    words.split_whitespace().filter_map(|word| word.split_once('=')).collect()
}

fn block(line: usize, words: &str) -> Block {
    let named = attributes(words);
    let text = |name: &str| named.get(name).map(|value| (*value).to_owned());
    let on = named.get("on").map(|hosts| hosts.split(',').map(str::to_owned).collect());
    Block { line, on: on.unwrap_or_default(), save: text("save"), stdin: text("stdin"), text: String::new() }
}

/// The blocks of a page, in order.
pub(crate) fn parse(page: &str) -> Result<Vec<Block>> {
    let mut named: BTreeMap<String, Block> = BTreeMap::new();
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(words) = line.strip_prefix("```sh test") {
            let mut found = block(number + 1, words);
            let text: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            found.text = text.join("\n");
            if let Some(name) = attributes(words).get("name") {
                named.insert((*name).to_owned(), found.clone());
            }
            blocks.push(found);
        } else if let Some(words) = line.strip_prefix("<!-- test ") {
            let words = words.trim_end_matches("-->");
            let name = attributes(words).get("run").copied().context("a comment names no block")?;
            let again = named.get(name).with_context(|| format!("no block is called {name}"))?;
            blocks.push(Block { line: number + 1, on: block(0, words).on, ..again.clone() });
        }
    }
    ensure!(!page.contains("```shell test"), "blocks to be run begin with sh");
    Ok(blocks)
}

/// Targets of links to files of this repository, without their fragments.
pub(crate) fn links(page: &str) -> Vec<String> {
    page.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .filter(|target| !target.contains("://") && !target.starts_with('#') && !target.contains(char::is_whitespace))
        .map(|target| target.split('#').next().unwrap_or_default().to_owned())
        .collect()
}
