//! A directory in memory that fails, or stops as if killed, at a step that a test
//! chooses.

use crate::directory::{self, DescriptorType, Entry, ErrorCode, Metadata};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The time at which every test begins, in Unix seconds.
pub(crate) const NOW: u64 = 1_795_514_400;

/// The largest number of bytes that one read or write moves.
const PIECE: usize = 100_000;

/// Clones are handles of the same directory.
#[derive(Clone, Default)]
pub(crate) struct Directory(Rc<State>);

#[derive(Default)]
struct State {
    nodes: RefCell<BTreeMap<String, Node>>,
    steps: RefCell<Vec<String>>,
    plan: Cell<Option<FaultPlan>>,
    created: Cell<u8>,
    later: Cell<u64>,
}

/// The fault of a test and its step; steps count from 0.
#[derive(Clone, Copy)]
pub(crate) enum FaultPlan {
    /// This step fails, and the others work.
    Failure(usize, ErrorCode),
    /// The process is killed before this step: neither this step nor a later one
    /// happens.
    Death(usize),
}

#[derive(Clone)]
struct Node {
    kind: DescriptorType,
    bytes: Rc<RefCell<Vec<u8>>>,
    /// The size in the metadata, if it differs from the number of bytes.
    claimed: Option<u64>,
    modified: u64,
}

impl Directory {
    /// Puts a file there; [`steps`](Self::steps) does not list that.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        self.put_node(name, DescriptorType::RegularFile, bytes);
    }

    /// Puts an entry of another kind there.
    pub(crate) fn put_other(&self, name: &str, kind: DescriptorType) {
        self.put_node(name, kind, b"");
    }

    fn put_node(&self, name: &str, kind: DescriptorType, bytes: &[u8]) {
        let node = Node {
            kind,
            bytes: Rc::new(RefCell::new(bytes.to_vec())),
            claimed: None,
            modified: self.now(),
        };
        self.0.nodes.borrow_mut().insert(name.to_owned(), node);
    }

    /// Sets the size in the metadata of a file.
    pub(crate) fn claim(&self, name: &str, size: u64) {
        let mut nodes = self.0.nodes.borrow_mut();
        nodes.get_mut(name).expect("a file").claimed = Some(size);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.nodes.borrow().keys().cloned().collect()
    }

    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let nodes = self.0.nodes.borrow();
        Some(nodes.get(name)?.bytes.borrow().clone())
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, seconds: u64) {
        self.0.later.set(self.0.later.get() + seconds);
    }

    /// Sets the next fault and restarts the count of steps.
    pub(crate) fn expect(&self, plan: Option<FaultPlan>) {
        self.0.plan.set(plan);
        self.0.steps.borrow_mut().clear();
    }

    /// The steps so far, without random parts of names.
    pub(crate) fn steps(&self) -> Vec<String> {
        self.0.steps.borrow().clone()
    }

    fn now(&self) -> u64 {
        NOW + self.0.later.get()
    }

    fn step(&self, what: &str, name: &str) -> Result<(), ErrorCode> {
        let mut steps = self.0.steps.borrow_mut();
        let name = name
            .split_inclusive('-')
            .next()
            .filter(|kind| *kind == "tmp-")
            .unwrap_or(name);
        steps.push(format!("{what} {name}").trim_end().to_owned());
        let number = steps.len() - 1;
        match self.0.plan.get() {
            Some(FaultPlan::Failure(at, code)) if at == number => Err(code),
            Some(FaultPlan::Death(at)) if at <= number => Err(ErrorCode::Io),
            _ => Ok(()),
        }
    }

    fn node(&self, name: &str) -> Result<Node, ErrorCode> {
        let nodes = self.0.nodes.borrow();
        nodes.get(name).cloned().ok_or(ErrorCode::NoEntry)
    }
}

impl directory::Directory for Directory {
    type File = File;

    fn entries(&self) -> Result<Vec<Entry>, ErrorCode> {
        self.step("list", "")?;
        let nodes = self.0.nodes.borrow();
        let entry = |(name, node): (&String, &Node)| Entry {
            name: name.clone(),
            kind: node.kind,
        };
        Ok(nodes.iter().map(entry).collect())
    }

    fn metadata(&self, name: &str) -> Result<Metadata, ErrorCode> {
        self.step("look at", name)?;
        Ok(self.node(name)?.metadata())
    }

    fn open(&self, name: &str) -> Result<File, ErrorCode> {
        self.step("open", name)?;
        let node = self.node(name)?;
        assert_eq!(node.kind, DescriptorType::RegularFile, "{name} was opened");
        Ok(File {
            name: name.to_owned(),
            node,
            directory: self.clone(),
        })
    }

    fn create(&self, name: &str) -> Result<File, ErrorCode> {
        self.step("create", name)?;
        if self.node(name).is_ok() {
            return Err(ErrorCode::Exist);
        }
        self.put(name, b"");
        Ok(File {
            name: name.to_owned(),
            node: self.node(name)?,
            directory: self.clone(),
        })
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), ErrorCode> {
        self.step("rename to", to)?;
        let mut nodes = self.0.nodes.borrow_mut();
        let node = nodes.remove(from).ok_or(ErrorCode::NoEntry)?;
        nodes.insert(to.to_owned(), node);
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), ErrorCode> {
        self.step("remove", name)?;
        let removed = self.0.nodes.borrow_mut().remove(name);
        removed.map(|_| ()).ok_or(ErrorCode::NoEntry)
    }

    fn sync(&self) -> Result<(), ErrorCode> {
        self.step("sync names", "")
    }

    fn now(&self) -> u64 {
        self.now()
    }

    fn random(&self) -> [u8; 16] {
        self.0.created.set(self.0.created.get() + 1);
        [self.0.created.get(); 16]
    }
}

impl Node {
    fn metadata(&self) -> Metadata {
        Metadata {
            kind: self.kind,
            size: self.claimed.unwrap_or(self.bytes.borrow().len() as u64),
            modified: Some(self.modified),
        }
    }
}

/// An open file. It keeps its contents when a rename gives its name to another file.
pub(crate) struct File {
    name: String,
    node: Node,
    directory: Directory,
}

impl directory::File for File {
    fn metadata(&self) -> Result<Metadata, ErrorCode> {
        self.directory.step("look into", &self.name)?;
        Ok(self.node.metadata())
    }

    fn read(&self, length: usize, offset: usize) -> Result<Vec<u8>, ErrorCode> {
        self.directory.step("read", &self.name)?;
        let bytes = self.node.bytes.borrow();
        let rest = bytes.get(offset..).unwrap_or_default();
        Ok(rest[..rest.len().min(length).min(PIECE)].to_vec())
    }

    fn write(&self, bytes: &[u8], offset: usize) -> Result<usize, ErrorCode> {
        self.directory.step("write", &self.name)?;
        let mut written = self.node.bytes.borrow_mut();
        assert_eq!(written.len(), offset, "a hole");
        let piece = &bytes[..bytes.len().min(PIECE)];
        written.extend(piece);
        Ok(piece.len())
    }

    fn sync(&self) -> Result<(), ErrorCode> {
        self.directory.step("sync", &self.name)
    }
}
