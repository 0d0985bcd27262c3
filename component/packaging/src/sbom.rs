//! The packages that are linked into a world, and the macros that generated code for
//! it, from `cargo tree`.

use anyhow::{Context, Result};
use auditable_serde::{DependencyKind, Package, Source, VersionInfo};
use miniz_oxide::deflate::compress_to_vec_zlib;

/// The packages that a world is built from, in the form of `cargo auditable`.
#[derive(Clone, Debug)]
pub struct Dependencies {
    packages: VersionInfo,
}

impl Dependencies {
    /// Reads trees that `cargo tree --edges normal --no-dedupe --prefix depth --format
    /// {p}` prints. Later trees count as dependencies of the first tree's root.
    pub(crate) fn read(trees: &[String]) -> Result<Self> {
        let mut reader = Reader::default();
        for (number, tree) in trees.iter().enumerate() {
            for line in tree.lines().filter(|line| !line.is_empty()) {
                reader.add(line, usize::from(number > 0))?;
            }
        }
        Ok(Self {
            packages: VersionInfo {
                packages: reader.packages,
            },
        })
    }

    /// The packages.
    #[must_use]
    pub fn packages(&self) -> &VersionInfo {
        &self.packages
    }

    /// The content of the section `.dep-v0`: the packages as JSON, in zlib's format.
    /// Without compression, because the output of a compressor can change between its
    /// versions.
    pub(crate) fn to_section(&self) -> Result<Vec<u8>> {
        let json = serde_json::to_vec(&self.packages)?;
        Ok(compress_to_vec_zlib(&json, 0))
    }
}

#[derive(Default)]
struct Reader {
    packages: Vec<Package>,
    /// The packages from the root to the last one that was read.
    path: Vec<usize>,
}

impl Reader {
    /// Adds a line such as `2serde v1.0.0` or `3syn v2.0.0 (proc-macro)`.
    fn add(&mut self, line: &str, deeper: usize) -> Result<()> {
        let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let depth = line[..digits].parse::<usize>()? + deeper;
        self.path.truncate(depth);
        let parent = self.path.last().copied();
        let package = self.package(&line[digits..], parent)?;
        let index = self.index(package);
        if let Some(parent) = parent {
            let siblings = &mut self.packages[parent].dependencies;
            if !siblings.contains(&index) {
                siblings.push(index);
            }
        }
        self.path.push(index);
        Ok(())
    }

    fn package(&self, text: &str, parent: Option<usize>) -> Result<Package> {
        let mut words = text.split(' ');
        let (name, version) = words.next().zip(words.next()).context("no version")?;
        let version = version.strip_prefix('v').context("no version")?;
        let notes: Vec<&str> = words.collect();
        let parent = parent.map(|parent| self.packages[parent].kind);
        let is_macro = notes.contains(&"(proc-macro)");
        Ok(Package {
            name: name.to_owned(),
            version: version.parse()?,
            source: match notes.iter().any(|note| note.starts_with("(/")) {
                true => Source::Local,
                false => Source::CratesIo,
            },
            kind: match is_macro || parent == Some(DependencyKind::Build) {
                true => DependencyKind::Build,
                false => DependencyKind::Runtime,
            },
            dependencies: Vec::new(),
            root: parent.is_none(),
        })
    }

    /// The index of a package in the list; adds the package if it is missing.
    fn index(&mut self, package: Package) -> usize {
        let is_same =
            |known: &Package| (&known.name, &known.version) == (&package.name, &package.version);
        if let Some(index) = self.packages.iter().position(is_same) {
            let known = &mut self.packages[index];
            known.kind = known.kind.max(package.kind);
            return index;
        }
        self.packages.push(package);
        self.packages.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(trees: &[&str]) -> Vec<Package> {
        let trees: Vec<_> = trees.iter().map(|&tree| tree.to_owned()).collect();
        Dependencies::read(&trees).unwrap().packages.packages
    }

    const TREE: &str = "\
0app v0.1.0 (/somewhere/app)
1serde v1.0.1
2serde_core v1.0.2
1macros v2.0.0 (proc-macro)
2serde_core v1.0.2
2syn v3.0.0
";

    #[test]
    fn a_tree_becomes_a_list_with_references() {
        let packages = read(&[TREE]);
        let names: Vec<_> = packages.iter().map(|package| &*package.name).collect();
        assert_eq!(names, ["app", "serde", "serde_core", "macros", "syn"]);
        assert_eq!(packages[0].dependencies, [1, 3]);
        assert_eq!(packages[3].dependencies, [2, 4]);
        assert_eq!(packages[0].source, Source::Local);
        assert_eq!(packages[1].source, Source::CratesIo);
        let roots = packages.iter().filter(|package| package.root).count();
        assert_eq!(roots, 1);
    }

    #[test]
    fn packages_that_only_a_macro_needs_are_not_listed() {
        let kinds: Vec<_> = read(&[TREE]).iter().map(|package| package.kind).collect();
        use DependencyKind::{Build, Runtime};
        assert_eq!(kinds, [Runtime, Runtime, Runtime, Build, Build]);
    }

    #[test]
    fn a_second_tree_is_attached_to_the_root_of_the_first() {
        let packages = read(&[TREE, "0store v0.1.0 (/somewhere/store)\n1talc v5.0.0\n"]);
        assert_eq!(packages[0].dependencies, [1, 3, 5]);
        assert_eq!(packages[5].dependencies, [6]);
        assert!(!packages[5].root);
    }

    #[test]
    fn an_unparsable_tree_is_an_error() {
        for tree in ["app v0.1.0", "0app", "0app 0.1.0", "0app v1"] {
            assert!(Dependencies::read(&[tree.to_owned()]).is_err(), "{tree}");
        }
    }
}
