// wasi:keyvalue/store on a directory: a value is a file that only its owner can read.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/// The interface, over an existing directory. A `set` is atomic and on the disk when it returns, but it does not check
/// whether another process has written since: run one caller of a directory at a time.
export function directory(path) {
  class Bucket {
    get(key) {
      return attempt(() => contents(file(key)));
    }

    set(key, value) {
      attempt(() => {
        const next = `${file(key)}.next`;
        rmSync(next, { force: true });
        write(next, value);
        renameSync(next, file(key));
        sync(path);
      });
    }

    delete(key) {
      attempt(() => {
        rmSync(file(key), { force: true });
        sync(path);
      });
    }
  }

  // With this suffix, no key is `.`, `..` or the temporary file of another key.
  const file = (key) => join(path, `${encodeURIComponent(key)}.value`);

  function open(name) {
    if (name !== "default" || !existsSync(path)) throw { tag: "no-such-store" };
    return new Bucket();
  }

  return { open, Bucket };
}

/// Undefined only if there is no file: an unreadable one is an error.
function contents(path) {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

function write(path, bytes) {
  const descriptor = openSync(path, "wx", 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/// Syncs the directory's names to the disk.
function sync(path) {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/// The component knows these words; any other text means a store that does not work.
const WORDS = { ENOSPC: "full", EDQUOT: "full", EROFS: "read-only", EACCES: "read-only", EPERM: "read-only" };

function attempt(operation) {
  try {
    return operation();
  } catch (error) {
    throw { tag: "other", val: WORDS[error.code] ?? "unavailable" };
  }
}
