//! What is still fresh: a step that made something leaves a stamp with a hash of everything it read,
//! and is skipped while the hash stays the same.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::place::Place;

/// Folders that are never an input: what the tools put beside the sources, and tests.
const NOT_INPUTS: [&str; 6] = ["node_modules", "dist", "target", "tests", "benches", "e2e"];

/// A hash over named things, files and folders.
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    /// `purpose` keeps the stamps of two steps apart that read the same files.
    pub(crate) fn new(purpose: &str) -> Self {
        let mut fingerprint = Self(Sha256::new());
        fingerprint.text(purpose);
        fingerprint
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// A file, or a folder with all that is in it; a path that is not there counts as being not there.
    pub(crate) fn path(&mut self, path: &Path) -> Result<&mut Self> {
        if path.is_dir() {
            let mut names = fs::read_dir(path)?
                .map(|entry| Ok(entry?.file_name()))
                .collect::<Result<Vec<_>>>()
                .with_context(|| format!("cannot list {}", path.display()))?;
            names.sort();
            for name in names {
                if NOT_INPUTS.iter().all(|skipped| name != *skipped) {
                    self.bytes(name.as_encoded_bytes())
                        .path(&path.join(&name))?;
                }
            }
        } else if path.is_file() {
            let content =
                fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            self.bytes(b"file").bytes(&content);
        } else {
            self.bytes(b"absent");
        }
        Ok(self)
    }

    pub(crate) fn finish(&self) -> String {
        hex(&self.0.clone().finalize())
    }

    // The length goes first, so that moving a byte from one thing to the next changes the hash.
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }
}

/// Two lower-case digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The note a step leaves about what it was made from.
pub(crate) struct Stamp(PathBuf);

impl Stamp {
    pub(crate) fn new(place: &Place, step: &str) -> Self {
        Self::at(place.cache().join("stamps").join(step))
    }

    /// A stamp that lies in what it vouches for, and so disappears with it.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn is(&self, fingerprint: &str) -> bool {
        fs::read_to_string(&self.0).is_ok_and(|stamped| stamped == fingerprint)
    }

    pub(crate) fn set(&self, fingerprint: &str) -> Result<()> {
        if let Some(folder) = self.0.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.0, fingerprint)
            .with_context(|| format!("cannot write {}", self.0.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &Path) -> String {
        Fingerprint::new("test")
            .path(path)
            .expect("readable")
            .finish()
    }

    #[test]
    fn a_changed_moved_or_new_file_changes_the_fingerprint() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        fs::write(root.join("a"), "1").expect("write");
        let first = of(root);
        assert_eq!(first, of(root));
        fs::write(root.join("a"), "2").expect("write");
        let changed = of(root);
        fs::rename(root.join("a"), root.join("b")).expect("rename");
        let moved = of(root);
        fs::write(root.join("c"), "").expect("write");
        let added = of(root);
        let all = [&first, &changed, &moved, &added];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one));
        }
    }

    #[test]
    fn what_the_tools_put_beside_the_sources_is_no_input() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let before = of(folder.path());
        fs::create_dir(folder.path().join("node_modules")).expect("folder");
        fs::write(folder.path().join("node_modules/x"), "x").expect("write");
        assert_eq!(before, of(folder.path()));
    }

    #[test]
    fn a_stamp_vouches_only_for_its_own_fingerprint() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stamp = Stamp::at(folder.path().join("deep/stamp"));
        assert!(!stamp.is("one"));
        stamp.set("one").expect("write");
        assert!(stamp.is("one") && !stamp.is("two"));
    }
}
