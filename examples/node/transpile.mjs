// Turns the component into JavaScript and core modules, in the directory `component`:
//
//     node transpile.mjs onboarding.wasm

import { transpile, writeFiles } from "@bytecodealliance/jco-transpile";
import { fileURLToPath } from "node:url";

const [component] = process.argv.slice(2);
if (!component) {
  console.error("usage: node transpile.mjs COMPONENT");
  process.exit(2);
}
const { files } = await transpile(component, {
  name: "onboarding",
  outDir: fileURLToPath(new URL("component", import.meta.url)),
  // What it imports is handed in when it is instantiated: see connection.mjs.
  instantiation: "async",
  wasiShim: false,
  // What a function fails with is the `payload` of an error, not the thrown value itself.
  noComponentErrorWrapping: false,
  emitTypescriptDeclarations: false,
});
await writeFiles(files);
