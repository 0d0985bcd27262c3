// Makes chat completions with OpenAI's SDK for Node, unmodified.

import assert from "node:assert";
import { createRequire } from "node:module";

const { default: OpenAI } = createRequire(import.meta.url)(process.env.OPENAI_NODE);

const model = "openai-codex/gpt-6-astra";
const weather = {
  type: "function",
  function: {
    name: "weather",
    parameters: { type: "object", properties: { city: { type: "string" } } },
  },
};
const place = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer" } },
  required: ["city", "people"],
  additionalProperties: false,
};
const hi = [{ role: "user", content: "Say hi." }];

// The address and the key are in the environment, as the SDK's documentation says.
const client = new OpenAI();
const said = (completion) => completion.choices[0].message.content;

console.log("created:", said(await client.chat.completions.create({ model, messages: hi })));

let text = "";
let usage;
const options = { include_usage: true };
const stream = await client.chat.completions.create({ model, messages: hi, stream: true, stream_options: options });
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta.content ?? "";
  usage = chunk.usage;
}
assert(usage.total_tokens > 0);
console.log("streamed:", text);

const history = [{ role: "user", content: 'call weather with {"city":"Ulm"}' }];
const turn = await client.chat.completions.stream({ model, messages: history, tools: [weather] }).finalMessage();
const [call] = turn.tool_calls;
console.log("called:", call.function.name, call.function.arguments);
const output = { role: "tool", tool_call_id: call.id, content: "21 degrees" };
const messages = [...history, turn, output];
console.log("answered:", said(await client.chat.completions.create({ model, messages, tools: [weather] })));

const response_format = { type: "json_schema", json_schema: { name: "place", schema: place, strict: true } };
const parsed = await client.chat.completions.parse({ model, messages: hi, response_format });
const found = JSON.parse(said(parsed));
console.log("parsed:", found.city, found.people);

const image = { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } };
const seen = [{ role: "user", content: [{ type: "text", text: "look" }, image] }];
console.log("seen:", `'${said(await client.chat.completions.create({ model, messages: seen })).replace("\n", "\\n")}'`);

try {
  await client.chat.completions.create({ model, messages: hi, stop: "END" });
} catch (error) {
  assert(error instanceof OpenAI.BadRequestError);
  console.log("refused:", error.param);
}
