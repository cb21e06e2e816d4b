//! `woadctl export --realm REALM --file FILE`

use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::Operator;
use crate::failure::Failure;
use crate::output::note;
use crate::private_file;
use crate::transfer::{Broken, Progress, export};

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    #[arg(long)]
    realm: String,
    /// A new file, mode 0600, for it holds personal data; - for standard output.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let broken = |broken: Broken| match broken {
        Broken::Node(failure) => failure,
        Broken::Writing(source) => Failure::File { path: wanted.file.clone(), source },
    };
    let progress = Progress::new(note);
    let exported = if wanted.file == Path::new("-") {
        let mut out = BufWriter::new(io::stdout());
        export(&operator.admin, &wanted.realm, &mut out, &progress).await.map_err(broken)?
    } else {
        let file = private_file::create(&wanted.file).map_err(|error| broken(error.into()))?;
        let mut out = BufWriter::new(file);
        let exported = export(&operator.admin, &wanted.realm, &mut out, &progress).await.map_err(broken)?;
        out.flush().and_then(|()| out.get_ref().sync_all()).map_err(|error| broken(error.into()))?;
        exported
    };
    note(&format!(
        "{} groups, {} people, {} memberships and {} managers written; passwords never are",
        exported.groups, exported.users, exported.memberships, exported.managers
    ));
    Ok(())
}
