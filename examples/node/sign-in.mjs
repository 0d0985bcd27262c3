// A whole login and its result:
//
//     node sign-in.mjs DIRECTORY

import { createInterface } from "node:readline";
import { connect } from "./connection.mjs";

const [directory] = process.argv.slice(2);
if (!directory) {
  console.error("usage: node sign-in.mjs DIRECTORY");
  process.exit(2);
}
const connection = await connect(directory);
try {
  if (!connection.status().connected && !(await signIn())) {
    console.error("The login still waits; run this again to go on with it.");
    process.exit(1);
  }
  const { email, plan, expiresAt } = connection.status();
  console.log(`Signed in as ${email} (${plan}), until ${new Date(Number(expiresAt) * 1000).toISOString()}.`);
  for (const model of connection.models(false).models) console.log(`  ${model.id}`);
} catch (error) {
  if (!error.payload) throw error;
  const { message, hint } = error.payload;
  console.error([message, hint].filter(Boolean).join(". "));
  process.exitCode = 1;
}

/// Whether the person approves the login; each line that they enter says that they have.
async function signIn() {
  console.log(connection.start().instructions);
  console.log("Press Enter when you have approved it.");
  for await (const _ of createInterface({ input: process.stdin })) {
    const progress = connection.poll(undefined);
    console.log(progress.nextStep);
    if (progress.status === "connected") return true;
  }
  return false;
}
