//! Command blocks in a page: fences that begin with `sh test`, and comments that run a named one again.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

/// A block to be run.
#[derive(Clone, Debug, Default)]
pub struct Block {
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

/// A part of a page, from a heading to the next one of its level; the lines around it are empty, so that numbers hold.
///
/// # Errors
/// When the page has no such heading.
pub fn section(page: &str, heading: &str) -> Result<String> {
    let level = heading.chars().take_while(|letter| *letter == '#').count();
    let same = |line: &str| line.starts_with('#') && line.chars().take_while(|letter| *letter == '#').count() <= level;
    let (mut inside, mut found, mut fenced) = (false, false, false);
    let mut out = String::new();
    for line in page.lines() {
        fenced ^= line.starts_with("```") || line == "-->" || (line.starts_with("<!-- test ") && !line.contains("-->"));
        if !fenced && same(line) {
            inside = line == heading;
            found |= inside;
        }
        out.push_str(if inside { line } else { "" });
        out.push('\n');
    }
    ensure!(found, "no heading {heading:?}");
    Ok(out)
}

/// The blocks of a page, in order. A comment `<!-- test on=HOST`, closed by a line `-->`, is a block that readers don't
/// see: it does what the page says has happened.
///
/// # Errors
/// When a comment names a block that there is not.
pub fn parse(page: &str) -> Result<Vec<Block>> {
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
        } else if let Some(words) = line.strip_prefix("<!-- test ").filter(|words| !words.contains("-->")) {
            let mut found = block(number + 1, words);
            let text: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "-->").collect();
            found.text = text.join("\n");
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
#[must_use]
pub fn links(page: &str) -> Vec<String> {
    page.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .filter(|target| !target.contains("://") && !target.starts_with('#') && !target.contains(char::is_whitespace))
        .map(|target| target.split('#').next().unwrap_or_default().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# P\n## A\n```sh test on=a\n# not a heading\none\n```\n## B\n<!-- test on=b,c\ntwo\nthree\n-->\n### C\nx\n";

    #[test]
    fn hidden_blocks_run_in_their_place() {
        let blocks = parse(PAGE).unwrap();
        assert_eq!(blocks.len(), 2);
        assert_eq!((blocks[1].line, blocks[1].text.as_str(), blocks[1].on.len()), (8, "two\nthree", 2));
    }

    #[test]
    fn a_section_keeps_its_line_numbers() {
        let blocks = parse(&section(PAGE, "## B").unwrap()).unwrap();
        assert_eq!((blocks.len(), blocks[0].line), (1, 8));
        assert!(section(PAGE, "## B").unwrap().contains("### C"));
        assert_eq!(parse(&section(PAGE, "## A").unwrap()).unwrap()[0].text, "# not a heading\none");
        assert!(section(PAGE, "## D").is_err());
    }
}
