// Calls that end early, by OpenAI's SDK for Node, unmodified.

import assert from "node:assert";
import { createRequire } from "node:module";

const { default: OpenAI } = createRequire(import.meta.url)(process.env.OPENAI_NODE);

const model = "openai-codex/gpt-6-astra";
const hi = [{ role: "user", content: "Say hi." }];

// The address and the key are in the environment, as the SDK's documentation says.
const client = new OpenAI();
const respond = (options) => client.responses.create({ model, input: "Say hi.", ...options });
const complete = (options) => client.chat.completions.create({ model, messages: hi, ...options });

// The caller leaves while the model speaks: the end of a loop aborts the call.
for await (const event of await respond({ stream: true })) {
  if (event.type !== "response.output_text.delta") continue;
  console.log("left:", event.type);
  break;
}
for await (const chunk of await complete({ stream: true })) {
  if (!chunk.choices[0].delta.content) continue;
  console.log("left:", chunk.object);
  break;
}

// The plan is used up.
for (const call of [respond, complete]) {
  for (const options of [{}, { stream: true }]) {
    await assert.rejects(call(options), (error) => {
      assert(error instanceof OpenAI.RateLimitError);
      console.log("limited:", error.status, error.code);
      return true;
    });
  }
}
