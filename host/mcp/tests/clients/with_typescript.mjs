// A whole login by the official SDK for TypeScript, with both protocols: every tool.
//
// Arguments: `stdio PROGRAM ARGUMENT …`, or `http URL` with the key in CHATGPT_OAUTH_KEY.
// MCP_NODE_MODULES names the folder of the SDK.

import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";

const require = createRequire(`${process.env.MCP_NODE_MODULES}/`);
const { Client, StreamableHTTPClientTransport } = require("@modelcontextprotocol/client");
const { StdioClientTransport } = require("@modelcontextprotocol/client/stdio");

const CALLS = [
  ["status", {}],
  ["usage", {}],
  ["start", {}],
  ["poll", {}],
  ["models", {}],
  ["usage", { force: true }],
  ["refresh", {}],
  ["status", {}],
  ["logout", { revoke: true }],
];

function transport(kind, target, ...args) {
  if (kind === "stdio") {
    return new StdioClientTransport({ command: target, args, env: process.env });
  }
  const headers = { authorization: `Bearer ${process.env.CHATGPT_OAUTH_KEY}` };
  return new StreamableHTTPClientTransport(new URL(target), { requestInit: { headers } });
}

// The answer of a tool; that of `poll` when the login is no longer pending.
async function answer(client, name, args) {
  for (;;) {
    const result = await client.callTool({ name, arguments: args });
    const answer = result.structuredContent;
    if (result.isError === answer.ok) throw new Error(JSON.stringify(result));
    if (name !== "poll" || answer.status !== "pending") return answer;
    await setTimeout(1000 * answer.retry_after_seconds);
  }
}

function summary(answer) {
  return answer.code ?? answer.state ?? answer.status ?? answer.count ?? answer.plan;
}

for (const mode of ["legacy", "auto"]) {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(transport(...process.argv.slice(2)));
  console.log(client.getNegotiatedProtocolVersion());
  const { tools } = await client.listTools();
  console.log(tools.map((tool) => tool.name).join(" "));
  for (const [name, args] of CALLS) {
    console.log(name, summary(await answer(client, name, args)));
  }
  await client.close();
}
