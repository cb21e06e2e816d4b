//! A real folder as a [`Volume`]: checkpoints are read-only databases, sorted runs are SST files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rocksdb::{DBCompressionType, Options, SstFileWriter};

use super::engine::{Frozen, Reader, SortedRun, Volume};
use super::io_error;
use super::rocks::{self, Db};

/// The machine's own file system.
#[derive(Debug)]
pub(crate) struct Folder;

/// A database opened for reading alone.
struct Checkpoint(Db);

impl Reader for Checkpoint {
    fn get(&self, family: &str, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        rocks::get(&self.0, family, key)
    }

    fn freeze<'a>(&'a self, families: [&str; 2]) -> io::Result<Box<dyn Frozen + 'a>> {
        rocks::freeze(&self.0, families)
    }
}

struct SstFile(SstFileWriter<'static>);

impl SortedRun for SstFile {
    fn put(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.0.put(key, value).map_err(io_error)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.finish().map_err(io_error)
    }
}

fn sst_options() -> &'static Options {
    static OPTIONS: OnceLock<Options> = OnceLock::new();
    OPTIONS.get_or_init(|| {
        let mut options = Options::default();
        options.set_compression_type(DBCompressionType::Lz4);
        options
    })
}

impl Volume for Folder {
    fn open_checkpoint(&self, path: &Path) -> io::Result<Box<dyn Reader>> {
        let options = Options::default();
        let names = Db::list_cf(&options, path).map_err(io_error)?;
        let db = Db::open_cf_for_read_only(&options, path, names, false).map_err(io_error)?;
        Ok(Box::new(Checkpoint(db)))
    }

    fn sorted_run(&self, path: &Path) -> io::Result<Box<dyn SortedRun>> {
        let writer = SstFileWriter::create(sst_options());
        writer.open(path).map_err(io_error)?;
        Ok(Box::new(SstFile(writer)))
    }

    fn create(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        let parent = to.parent().ok_or_else(|| io::Error::other("a folder without parent"))?;
        fs::File::open(parent)?.sync_all()
    }

    fn remove(&self, folder: &Path) -> io::Result<()> {
        fs::remove_dir_all(folder)
    }
}
