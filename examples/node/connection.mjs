// The component with its imports: HTTP to six URLs, one directory, two clocks, random bytes.

import { monotonicClock, wallClock } from "@bytecodealliance/preview2-shim/clocks";
import { types } from "@bytecodealliance/preview2-shim/http";
import { error, poll, streams } from "@bytecodealliance/preview2-shim/io";
import { random } from "@bytecodealliance/preview2-shim/random";
import { readFile } from "node:fs/promises";
import { instantiate } from "./component/onboarding.js";
import { handle } from "./egress.mjs";
import { directory } from "./keyvalue.mjs";

/// The seven functions of wit/connection.wit, with the login in this directory. Each is synchronous and blocks the
/// thread. A failed call throws an object whose `payload` is the contract's `error`.
export async function connect(path) {
  const { connection } = await instantiate(coreModule, {
    "wasi:clocks/monotonic-clock": monotonicClock,
    "wasi:clocks/wall-clock": wallClock,
    "wasi:http/outgoing-handler": { handle },
    "wasi:http/types": types,
    "wasi:io/error": error,
    "wasi:io/poll": poll,
    "wasi:io/streams": streams,
    "wasi:keyvalue/store": directory(path),
    "wasi:random/random": random,
  });
  return connection;
}

async function coreModule(name) {
  return WebAssembly.compile(await readFile(new URL(`component/${name}`, import.meta.url)));
}
