//! Packs the relative relocations of the programs where their loader can read that: their
//! table, which every start reads, was 715 KB long and is 10 KB.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if loader_reads_packed_relocations() {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

fn loader_reads_packed_relocations() -> bool {
    let variable = |name| env::var(name).unwrap_or_default();
    if variable("CARGO_CFG_TARGET_OS") != "linux" {
        return false;
    }
    match variable("CARGO_CFG_TARGET_ENV").as_str() {
        // A static program relocates itself, by the code of Rust's own musl 1.2.5.
        "musl" => true,
        // Since 2.36. A program for an older one is built on an older system.
        "gnu" => variable("HOST") == variable("TARGET") && glibc() >= Some((2, 36)),
        _ => false,
    }
}

/// The version of this machine's glibc, from `glibc 2.36`.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let output = String::from_utf8(output.ok()?.stdout).ok()?;
    let (major, minor) = output.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
