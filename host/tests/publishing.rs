//! Publishing: every world and the contract go to a registry on this machine and come back.
#![cfg(target_os = "linux")]

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chatgpt_oauth_packaging::{World, digest, vendor};
use serde_json::Value;
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";

/// Debian's `docker-registry` on a free port of the loopback interface.
struct Registry {
    process: Child,
    address: SocketAddr,
    directory: TempDir,
}

impl Registry {
    fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let blobs = directory.path().join("blobs");
        let configuration = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:0\n",
            blobs.display(),
        );
        let file = directory.path().join("registry.yml");
        fs::write(&file, configuration).unwrap();
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(file)
            .stdout(File::create(directory.path().join("requests")).unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker-registry cannot be run: install Debian's package with this name");
        let address = address(&mut process);
        Self {
            process,
            address,
            directory,
        }
    }

    /// Pushes a file, with annotations of the manifest, under the project's version.
    fn push(&self, file: &Path, repository: &str) {
        let packages = env::var_os("ACT_PACKAGES").expect(
            "ACT_PACKAGES is not set: eval \"$(sh scripts/tools.sh)\" installs act-build and sets it",
        );
        let port = self.address.port();
        let output = Command::new(Path::new(&packages).join("bin/act-build"))
            .arg("push")
            .arg(file)
            .arg(format!("localhost:{port}/{repository}:{VERSION}"))
            .args([
                "--annotation",
                "org.opencontainers.image.licenses=Apache-2.0",
            ])
            // The credentials of this person's registries stay out.
            .env("DOCKER_CONFIG", self.directory.path())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
    }

    fn manifest(&self, repository: &str) -> Value {
        serde_json::from_slice(&self.get(&format!("{repository}/manifests/{VERSION}"))).unwrap()
    }

    fn get(&self, path: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        // This version of HTTP ends an answer with the connection.
        let request = format!("GET /v2/{path} HTTP/1.0\r\naccept: {MANIFEST}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = b"\r\n\r\n";
        let head = answer.windows(end.len()).position(|bytes| bytes == end);
        let body = answer.split_off(head.unwrap() + end.len());
        let head = String::from_utf8(answer).unwrap();
        assert!(head.starts_with("HTTP/1.0 200"), "{path}: {head}");
        body
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The address that the registry's log names.
fn address(registry: &mut Child) -> SocketAddr {
    let mut log = BufReader::new(registry.stderr.take().unwrap()).lines();
    let address = log.by_ref().map(Result::unwrap).find_map(|line| {
        let (_, rest) = line.split_once("listening on ")?;
        rest.split_once('"')?.0.parse().ok()
    });
    // The registry writes on, and must not wait for a reader.
    std::thread::spawn(move || log.for_each(drop));
    address.expect("the registry ends before it listens")
}

/// Writes a world's component as a user does, and returns the digest that the program names.
fn component(world: World, file: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"))
        .args(["--json", "component", "--world", world.name(), "--output"])
        .arg(file)
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    answer["sha256"].as_str().unwrap().to_owned()
}

/// Pulls the only layer of a repository; the manifest names this digest.
#[track_caller]
fn pulled(registry: &Registry, repository: &str, sha256: &str) -> Vec<u8> {
    let manifest = registry.manifest(repository);
    assert_eq!(manifest["config"]["mediaType"], CONFIG, "{manifest}");
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1, "{manifest}");
    assert_eq!(layers[0]["mediaType"], LAYER);
    assert_eq!(layers[0]["digest"], format!("sha256:{sha256}"));
    let annotations = &manifest["annotations"];
    assert_eq!(
        annotations["org.opencontainers.image.licenses"],
        "Apache-2.0"
    );
    registry.get(&format!("{repository}/blobs/sha256:{sha256}"))
}

#[test]
fn every_world_comes_back_from_a_registry_with_the_digest_of_component() {
    let registry = Registry::start();
    for world in World::ALL {
        let file = registry.directory.path().join(format!("{world}.wasm"));
        let sha256 = component(world, &file);
        let repository = format!("chatgpt-oauth/{world}");
        registry.push(&file, &repository);
        let pulled = pulled(&registry, &repository, &sha256);
        assert!(pulled == fs::read(&file).unwrap(), "{world}");
    }
}

/// `wkg` looks for the package `chatgpt:oauth` under this name, and has the same types.
#[test]
fn the_contract_comes_back_from_a_registry_as_the_package_of_agents() {
    let registry = Registry::start();
    let file = registry.directory.path().join("wit.wasm");
    let package = vendor::encoded();
    fs::write(&file, &package).unwrap();
    registry.push(&file, "chatgpt/oauth");
    let pulled = pulled(&registry, "chatgpt/oauth", &digest(&package));
    assert!(pulled == package);
}
