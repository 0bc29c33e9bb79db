//! The file. Anybody can read it at any time, and one update at a time replaces it as a whole.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::schema::lock::{
    error::Error,
    format::{self, Blocks},
};

/// How long an update waits for another one. An update takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it sleeps between two looks.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) struct LockFile {
    path: PathBuf,
}

impl LockFile {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self {
            path: folder.join("intent.lock"),
        }
    }

    /// What it records; `None` where there is no file.
    pub(super) fn read(&self) -> Result<Option<Blocks>, Error> {
        match fs::read_to_string(&self.path) {
            Ok(text) => format::read(&text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read {
                path: self.path.clone(),
                source,
            }),
        }
    }

    /// Replaces the blocks by what `change` returns for them. Meanwhile no other update, in this process or another, reads or
    /// writes the file. A reader sees the old file or the new one.
    pub(super) fn update(
        &self,
        change: impl FnOnce(Blocks) -> Result<Blocks, Error>,
    ) -> Result<(), Error> {
        let draft = Draft::new(self.path.with_extension("lock.new"))?;
        let recorded = self.read()?;
        let before = recorded.as_ref().map(format::write);
        let after = format::write(&change(recorded.unwrap_or_default())?);
        if before.as_ref() == Some(&after) {
            return Ok(());
        }
        draft.replace(&self.path, &after)
    }
}

/// The new text, in a file that is then renamed to the lock. The file also keeps other updates out, as `index.lock` of git
/// does: only one update can create it. A lock of the operating system would not do, because it stays with the old file.
struct Draft {
    path: PathBuf,
    file: File,
    /// After the rename, a file at `path` belongs to another update.
    renamed: bool,
}

impl Draft {
    fn new(path: PathBuf) -> Result<Self, Error> {
        let started = Instant::now();
        loop {
            match File::create_new(&path) {
                Ok(file) => {
                    let renamed = false;
                    return Ok(Self {
                        path,
                        file,
                        renamed,
                    });
                }
                Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(Error::Write { path, source });
                }
                Err(_) if started.elapsed() > PATIENCE => return Err(Error::Busy { path }),
                // No operating system has a portable wait for the end of a file.
                Err(_) => thread::sleep(PAUSE),
            }
        }
    }

    fn replace(mut self, path: &Path, text: &str) -> Result<(), Error> {
        let written = self
            .file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(&self.path, path));
        self.renamed = written.is_ok();
        written.map_err(|source| Error::Write {
            path: path.to_owned(),
            source,
        })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.renamed {
            // If the file stays, the error of the next update names it.
            let _ = fs::remove_file(&self.path);
        }
    }
}
