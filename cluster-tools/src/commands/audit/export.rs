//! `woadctl audit export --file FILE`

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::verify::{Pages, Part};
use super::{Of, Operator};
use crate::failure::Failure;
use crate::output::note;
use crate::private_file;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    of: Of,
    /// A new file, mode 0600; - for standard output.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let failed = |source: io::Error| Failure::File { path: wanted.file.clone(), source };
    let mut out: Box<dyn Write> = if wanted.file == Path::new("-") {
        Box::new(BufWriter::new(io::stdout()))
    } else {
        Box::new(BufWriter::new(private_file::create(&wanted.file).map_err(failed)?))
    };
    let mut pages = Pages::new(operator, &wanted.of);
    let mut written = 0_u64;
    while let Some(parts) = pages.next().await? {
        for part in parts {
            match part {
                Part::Anchors(anchors) => line(&mut out, &anchors).map_err(failed)?,
                Part::Record(record) => {
                    written += 1;
                    line(&mut out, &record).map_err(failed)?;
                }
                Part::End(end) => line(&mut out, &end).map_err(failed)?,
            }
        }
    }
    out.flush().map_err(failed)?;
    note(&format!("{written} events written"));
    Ok(())
}

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}
