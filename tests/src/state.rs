//! What a node reads in every table that can be asked for.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::node::Node;

/// Everything a node's operations socket shows of the replicated state, by path.
///
/// # Errors
/// When the node does not answer.
pub async fn state_of(node: &Node) -> Result<BTreeMap<String, Value>> {
    let mut state = BTreeMap::new();
    let realms = node.admin.show("/v1/realms").await?;
    let ids: Vec<String> = realms
        .get("realms")
        .and_then(Value::as_array)
        .context("no realms")?
        .iter()
        .filter_map(|realm| realm.get("id")?.as_str().map(str::to_owned))
        .collect();
    state.insert("/v1/realms".to_owned(), realms);
    chain(node, "/v1/cluster/audit", &mut state).await?;
    for id in ids {
        let path = format!("/v1/realms/{id}");
        for path in [path.clone(), format!("{path}/keys"), format!("{path}/scope-policies")] {
            let shown = node.admin.show(&path).await?;
            state.insert(path, shown);
        }
        pages(node, &format!("{path}/clients"), &mut state).await?;
        for user in pages(node, &format!("{path}/users"), &mut state).await? {
            let path = format!("{path}/users/{user}/sessions");
            let shown = node.admin.show(&path).await?;
            state.insert(path, shown);
        }
        for group in pages(node, &format!("{path}/groups"), &mut state).await? {
            pages(node, &format!("{path}/groups/{group}/members"), &mut state).await?;
            let path = format!("{path}/groups/{group}/managers");
            let shown = node.admin.show(&path).await?;
            state.insert(path, shown);
        }
        chain(node, &format!("{path}/audit"), &mut state).await?;
    }
    Ok(state)
}

/// All pages of a list; the ids in it.
async fn pages(node: &Node, path: &str, state: &mut BTreeMap<String, Value>) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    let mut query = String::new();
    loop {
        let at = format!("{path}{query}");
        let page = node.admin.show(&at).await?;
        let next = page.get("next").and_then(Value::as_str).map(str::to_owned);
        let lists = page.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_array());
        ids.extend(lists.flatten().filter_map(|one| one.get("id")?.as_str().map(str::to_owned)));
        state.insert(at, page);
        match next {
            Some(next) => query = format!("?after={next}"),
            None => return Ok(ids),
        }
    }
}

/// All pages of an audit chain.
async fn chain(node: &Node, path: &str, state: &mut BTreeMap<String, Value>) -> Result<()> {
    let mut from = 1;
    loop {
        let at = format!("{path}?from={from}");
        let page = node.admin.show(&at).await?;
        let events = page.get("events").and_then(Value::as_array).map_or(0, Vec::len);
        state.insert(at, page);
        if events == 0 {
            return Ok(());
        }
        from += events;
    }
}
