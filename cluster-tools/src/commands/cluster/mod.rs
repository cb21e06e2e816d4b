//! `woadctl cluster …`

mod bundle;
mod confirm_custody;
mod doctor;
mod init;
mod recover;
mod rejoin;
mod remove;
mod rotate;
mod status;
mod transfer;
mod verify;

use clap::Subcommand;
use serde_json::Value;

use super::Operator;
use crate::failure::Failure;
use crate::output::note;
use crate::table::list;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a cluster of one node that belongs to none, and hand out its recovery bundle.
    Init(init::Wanted),
    /// Show the cluster as one node sees it.
    Status,
    /// Name what an operator should see to. Exit code 1 when there is something.
    Doctor,
    /// Say that the recovery bundle is in safe custody; `doctor` asks for it until then.
    ConfirmCustody,
    /// Remove a member. A removed node can't talk to the others any more, and unless it was destroyed, what it knows of
    /// keys is made worthless.
    Remove(remove::Wanted),
    /// Remove a damaged member and make the token by which it joins again as a new one (`woad rejoin` there).
    Rejoin(rejoin::Wanted),
    /// Give the cluster another cluster key. The old one counts until every member has the new one.
    RotateKey(rotate::Wanted),
    /// Give the cluster another certificate authority. Both are trusted until every member has a certificate of the new one.
    RotateCa(rotate::Wanted),
    /// Let rotations wait no longer for nodes that don't answer. Those can't come back as they are.
    FinishRotation(rotate::Finish),
    /// Make a new cluster of this machine's stopped node, when a quorum is lost for ever. Says first what is lost by it.
    Recover(recover::Wanted),
    /// Hand leadership on.
    Transfer(transfer::Wanted),
    /// Compare the replicas, all of their state. Exit code 1 unless all are equal.
    Verify(verify::Wanted),
}

pub(crate) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    match command {
        Command::Init(wanted) => init::run(operator, wanted).await,
        Command::Status => status::run(operator).await,
        Command::Doctor => doctor::run(operator).await,
        Command::ConfirmCustody => confirm_custody::run(operator).await,
        Command::Remove(wanted) => remove::run(operator, wanted).await,
        Command::Rejoin(wanted) => rejoin::run(operator, wanted).await,
        Command::RotateKey(wanted) => rotate::key(operator, wanted).await,
        Command::RotateCa(wanted) => rotate::authority(operator, wanted).await,
        Command::FinishRotation(wanted) => rotate::finish(operator, wanted).await,
        Command::Recover(wanted) => recover::run(operator, wanted).await,
        Command::Transfer(wanted) => transfer::run(operator, wanted).await,
        Command::Verify(wanted) => verify::run(operator, wanted).await,
    }
}

/// Members that vote.
pub(super) fn voters(status: &Value) -> usize {
    list(status, "members").iter().filter(|member| member.get("voter") == Some(&Value::Bool(true))).count()
}

/// An even number of voters costs a node and tolerates no more failures.
fn warn_of_even(status: &Value) {
    let voters = voters(status);
    if voters > 0 && voters.is_multiple_of(2) {
        let (tolerated, fewer) = (voters / 2 - 1, voters - 1);
        note(&format!("{voters} voters tolerate {tolerated} failures, as many as {fewer}: add one, or remove one"));
    }
}
