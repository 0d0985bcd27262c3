// Calls one function and prints its result as JSON:
//
//     node call.mjs DIRECTORY status|start|poll|logout|refresh|models|usage

import { connect } from "./connection.mjs";

const ARGUMENTS = {
  status: [],
  start: [],
  poll: [undefined], // the login that waits
  logout: [false], // without a revocation at the service
  refresh: [],
  models: [false], // from the cache while it is fresh
  usage: [false],
};

const [directory, name] = process.argv.slice(2);
if (!Object.hasOwn(ARGUMENTS, name ?? "")) {
  console.error(`usage: node call.mjs DIRECTORY ${Object.keys(ARGUMENTS).join("|")}`);
  process.exit(2);
}
const connection = await connect(directory);
try {
  print(connection[name](...ARGUMENTS[name]));
} catch (error) {
  if (!error.payload) throw error;
  print(error.payload);
  process.exitCode = 1;
}

function print(answer) {
  console.log(JSON.stringify(answer, (_, value) => (typeof value === "bigint" ? Number(value) : value), 2));
}
