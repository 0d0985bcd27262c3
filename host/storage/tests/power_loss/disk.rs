//! A model of a disk: synced changes survive a power loss, and any part of the unsynced changes
//! may survive. A name is synced with its directory, not with its file.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::trace::Event;

/// The unit that is written whole or not at all, in bytes.
const SECTOR: usize = 512;

#[derive(Default)]
pub struct Disk {
    nodes: Vec<Node>,
    /// The names that the program sees.
    seen: BTreeMap<PathBuf, usize>,
    /// The names that are synced.
    synced: BTreeMap<PathBuf, usize>,
    /// The names that were created and removed since the last sync.
    unsynced: Vec<(PathBuf, Option<usize>)>,
}

/// A file or a directory.
struct Node {
    is_directory: bool,
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

enum Change {
    Write(usize, Vec<u8>),
    Resize(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Resize(length) => content.resize(*length, 0),
            Self::Write(offset, bytes) => {
                let end = offset + bytes.len();
                content.resize(content.len().max(end), 0);
                content[*offset..end].copy_from_slice(bytes);
            }
        }
    }
}

impl Disk {
    pub fn happen(&mut self, event: &Event) {
        match event {
            Event::MakeDirectory(path) => self.make(path, true),
            Event::Make(path) if !self.seen.contains_key(path) => self.make(path, false),
            Event::Make(_) | Event::Note(_) => {}
            Event::Remove(path) => {
                self.seen.remove(path);
                self.unsynced.push((path.clone(), None));
            }
            Event::Write {
                path,
                offset,
                bytes,
            } => self.write(path, *offset, bytes),
            Event::Resize { path, length } => self.change(path, Change::Resize(*length)),
            Event::Sync(path) => self.sync(path),
            Event::FailedSync(path) => self.fail_to_sync(path),
        }
    }

    fn make(&mut self, path: &Path, is_directory: bool) {
        let node = self.nodes.len();
        self.nodes.push(Node {
            is_directory,
            synced: Vec::new(),
            unsynced: Vec::new(),
        });
        self.seen.insert(path.to_owned(), node);
        self.unsynced.push((path.to_owned(), Some(node)));
    }

    fn write(&mut self, path: &Path, offset: usize, bytes: &[u8]) {
        let mut offset = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (sector, others) = rest.split_at(rest.len().min(SECTOR - offset % SECTOR));
            self.change(path, Change::Write(offset, sector.to_vec()));
            offset += sector.len();
            rest = others;
        }
    }

    fn change(&mut self, path: &Path, change: Change) {
        let node = self.seen[path];
        self.nodes[node].unsynced.push(change);
    }

    fn sync(&mut self, path: &Path) {
        let is_in_it = |(name, _): &mut (PathBuf, _)| name.parent() == Some(path);
        for (name, node) in self.unsynced.extract_if(.., is_in_it) {
            match node {
                Some(node) => self.synced.insert(name, node),
                None => self.synced.remove(&name),
            };
        }
        if let Some(node) = self.seen.get(path) {
            let node = &mut self.nodes[*node];
            for change in node.unsynced.drain(..) {
                change.apply(&mut node.synced);
            }
        }
    }

    /// The kernel may drop the changes that it could not write: a later sync succeeds without
    /// them. SQLite ignores a failed sync of a directory; Linux file systems sync a new file's
    /// name with the file.
    fn fail_to_sync(&mut self, path: &Path) {
        match self.seen.get(path) {
            Some(node) if self.nodes[*node].is_directory => self.sync(path),
            Some(node) => self.nodes[*node].unsynced.clear(),
            None => {}
        }
    }

    /// Writes the files after a power loss into an empty directory. `survives` decides for each
    /// unsynced change.
    pub fn write_what_is_left(&self, root: &Path, mut survives: impl FnMut() -> bool) {
        let mut names = self.synced.clone();
        for (name, node) in &self.unsynced {
            match node {
                _ if !survives() => None,
                Some(node) => names.insert(name.clone(), *node),
                None => names.remove(name),
            };
        }
        // In the order of names a directory precedes its files.
        for (name, node) in names {
            let (path, node) = (root.join(name), &self.nodes[node]);
            if !path.parent().is_some_and(Path::exists) {
                continue;
            }
            if node.is_directory {
                DirBuilder::new().mode(0o700).create(path).unwrap();
                continue;
            }
            let mut content = node.synced.clone();
            let left = node.unsynced.iter().filter(|_| survives());
            left.for_each(|change| change.apply(&mut content));
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}
