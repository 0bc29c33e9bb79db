//! A folder with a lock.

use std::fs;

use intent_runtime::{
    catalogue::Catalogue,
    lock::{self, Error, Mode},
};
use tempfile::TempDir;

pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One whose lock records a catalogue.
    pub fn recording(catalogue: Catalogue) -> Self {
        let folder = Self::new();
        folder.update(&catalogue).unwrap();
        folder
    }

    pub fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    pub fn check(&self, catalogue: &Catalogue) -> Result<(), Error> {
        lock::check(catalogue, self.path(), Mode::Check)
    }

    pub fn update(&self, catalogue: &Catalogue) -> Result<(), Error> {
        lock::check(catalogue, self.path(), Mode::Update)
    }

    pub fn text(&self) -> String {
        fs::read_to_string(self.path().join("intent.lock")).unwrap()
    }

    pub fn write(&self, text: &str) {
        fs::write(self.path().join("intent.lock"), text).unwrap();
    }

    /// What an error says, without the place of this folder.
    pub fn shown(&self, error: &Error) -> String {
        let path = self.path().display().to_string();
        error.to_string().replace(&path, "$DIR")
    }

    /// The names of the files in it.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }
}
