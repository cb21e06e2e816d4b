//! `woadctl user attribute set|remove REALM USER` and `user label set|remove`: one, where user update replaces all.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Named, Operator, view};
use crate::admin::{Call, segment};
use crate::commands::labels::{Label, attribute, label};
use crate::failure::Failure;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Set one attribute; the others stay.
    Set(SetAttribute),
    /// Take one attribute away.
    Remove(RemoveAttribute),
}

#[derive(Args)]
pub(crate) struct SetAttribute {
    #[command(flatten)]
    named: Named,
    /// The attribute.
    #[arg(value_name = "NAME=VALUE", value_parser = attribute)]
    attribute: Label,
}

#[derive(Args)]
pub(crate) struct RemoveAttribute {
    #[command(flatten)]
    named: Named,
    /// Its name.
    name: String,
}

#[derive(Subcommand)]
pub(crate) enum LabelCommand {
    /// Set one label; the others stay.
    Set(OneLabel),
    /// Take one label away, whatever its value.
    Remove(OneLabel),
}

#[derive(Args)]
pub(crate) struct OneLabel {
    #[command(flatten)]
    named: Named,
    /// The label.
    #[arg(value_name = "[PREFIX/]NAME[=VALUE]", value_parser = label)]
    label: Label,
}

impl OneLabel {
    fn path(&self) -> String {
        format!("{}/labels/{}", self.named.path(), segment(&self.label.key()))
    }
}

pub(super) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    let path = |named: &Named, name: &str| format!("{}/attributes/{}", named.path(), segment(name));
    let call = match command {
        Command::Set(SetAttribute { named, attribute }) => {
            Call::put(path(&named, &attribute.key())).with_body(json!({ "value": attribute.value() }))
        }
        Command::Remove(RemoveAttribute { named, name }) => Call::delete(path(&named, &name)),
    };
    operator.tell(call, view::table).await
}

pub(super) async fn run_label(operator: &Operator, command: LabelCommand) -> Result<(), Failure> {
    let call = match command {
        LabelCommand::Set(one) => Call::put(one.path()).with_body(json!({ "value": one.label.value() })),
        LabelCommand::Remove(one) => Call::delete(one.path()),
    };
    operator.tell(call, view::table).await
}
