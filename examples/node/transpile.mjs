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
  // connection.mjs provides the imports at instantiation.
  instantiation: "async",
  wasiShim: false,
  // An error of a function is the `payload` of the thrown value, not the value itself.
  noComponentErrorWrapping: false,
  emitTypescriptDeclarations: false,
});
await writeFiles(files);
