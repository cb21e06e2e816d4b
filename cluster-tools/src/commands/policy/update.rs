//! `woadctl policy update REALM ID`

use clap::Args;
use serde_json::{Map, Value};

use super::kinds::{Matching, Rule, upper};
use super::{Named, Operator, table};
use crate::admin::Call;
use crate::failure::Failure;

/// What a policy may be told; the rest of what it shows is the cluster's.
const SETTABLE: [&str; 6] = ["description", "rule", "matching", "user", "group", "scopes"];

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    /// Whether the scopes are permitted or denied.
    #[arg(long, value_enum)]
    rule: Option<Rule>,
    /// A scope it is about; may repeat, and replaces all that are there.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Make it about all scopes.
    #[arg(long, conflicts_with = "scopes")]
    all_scopes: bool,
    /// How scopes are compared with those: eq (equal), path (the path or below), regexp.
    #[arg(long, value_enum)]
    matching: Option<Matching>,
    /// For this person alone, by id or user name.
    #[arg(long, value_name = "USER", conflicts_with = "group")]
    user: Option<String>,
    /// For the members of this group, by id or full name.
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// For everybody.
    #[arg(long, conflicts_with_all = ["user", "group"])]
    everybody: bool,
    /// What it is for; an empty text unsets.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Wanted {
    /// The fields that change; `None`: to be unset.
    fn changes(&self) -> Vec<(&'static str, Option<Value>)> {
        let mut changes = Vec::new();
        let mut set = |name, value| changes.push((name, Some(value)));
        if let Some(rule) = &self.rule {
            set("rule", upper(rule));
        }
        if let Some(matching) = &self.matching {
            set("matching", upper(matching));
        }
        if let Some(description) = &self.description {
            set("description", description.as_str().into());
        }
        if !self.scopes.is_empty() {
            set("scopes", self.scopes.clone().into());
        }
        if self.all_scopes {
            changes.push(("scopes", None));
        }
        if self.user.is_some() || self.group.is_some() || self.everybody {
            changes.extend([("user", &self.user), ("group", &self.group)].map(|(name, whom)| {
                let whom = whom.as_deref().map(Value::from);
                (name, whom)
            }));
        }
        changes
    }
}

/// The policy as it is to be.
fn changed(policy: &Value, changes: Vec<(&'static str, Option<Value>)>) -> Map<String, Value> {
    let settable = |(name, _): &(&String, &Value)| SETTABLE.contains(&name.as_str());
    let fields = policy.as_object().into_iter().flatten().filter(settable);
    let mut fields: Map<String, Value> = fields.map(|(name, value)| (name.clone(), value.clone())).collect();
    for (name, value) in changes {
        match value {
            Some(value) => drop(fields.insert(name.to_owned(), value)),
            None => drop(fields.shift_remove(name)),
        }
    }
    fields
}

/// A policy is replaced whole, so that it is read before, and replaced only if nobody has changed it since.
pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let changes = wanted.changes();
    if changes.is_empty() {
        return Err(Failure::Usage("no field is named".to_owned()));
    }
    let path = wanted.named.path();
    let policy = operator.call(Call::get(path.clone())).await?;
    let revision = policy.get("revision").and_then(Value::as_u64).ok_or(Failure::Answer)?;
    let call = Call::put(path).with_body(changed(&policy, changes)).if_revision(Some(revision));
    operator.tell(call, table).await
}
