// Makes model calls with OpenAI's SDK for Node, unmodified.

import assert from "node:assert";
import { createRequire } from "node:module";

const { default: OpenAI } = createRequire(import.meta.url)(process.env.OPENAI_NODE);

const model = "openai-codex/gpt-6-astra";
const weather = {
  type: "function",
  name: "weather",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
  strict: true,
};

// The address and the key are in the environment, as the SDK's documentation says.
const client = new OpenAI();

const created = await client.responses.create({ model, input: "Say hi." });
console.log("created:", created.output_text);

let text = "";
const stream = client.responses.stream({ model, input: "Say hi." });
for await (const event of stream) {
  if (event.type === "response.output_text.delta") text += event.delta;
}
assert.equal((await stream.finalResponse()).output_text, text);
console.log("streamed:", text);

const history = [{ role: "user", content: 'call weather with {"city":"Ulm"}' }];
const turn = await client.responses.stream({ model, input: history, tools: [weather] }).finalResponse();
const call = turn.output.find((item) => item.type === "function_call");
console.log("called:", call.name, call.arguments);

const output = { type: "function_call_output", call_id: call.call_id, output: "21 degrees" };
const input = [...history, ...turn.output, output];
const answered = await client.responses.create({ model, input, tools: [weather] });
console.log("answered:", answered.output_text);
