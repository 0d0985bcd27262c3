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
const place = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer" } },
  required: ["city", "people"],
  additionalProperties: false,
};

// The address and the key are in the environment, as the SDK's documentation says.
const client = new OpenAI();

for await (const { id } of client.models.list()) {
  if (id === model) console.log("listed:", id);
}

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

const format = { type: "json_schema", name: "place", schema: place, strict: true };
const parsed = await client.responses.parse({ model, input: "Say hi.", text: { format } });
console.log("parsed:", parsed.output_parsed.city, parsed.output_parsed.people);

const image = { type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=", detail: "auto" };
const seen = [{ role: "user", content: [{ type: "input_text", text: "look" }, image] }];
const described = await client.responses.create({ model, input: seen });
console.log("seen:", `'${described.output_text.replace("\n", "\\n")}'`);
