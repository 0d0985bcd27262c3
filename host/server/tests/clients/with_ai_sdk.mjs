// Runs tool loops with the AI SDK, unmodified.

import { openai } from "@ai-sdk/openai";
import { generateText, isStepCount, streamText, tool } from "ai";
import { z } from "zod";

const model = "openai-codex/gpt-6-astra";
const weather = tool({
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `21 degrees in ${city}`,
});
// Otherwise the SDK names the items of earlier answers and does not send them: nothing is stored.
const providerOptions = { openai: { store: false } };
const loop = { prompt: 'call weather with {"city":"Ulm"}', tools: { weather }, stopWhen: isStepCount(2), providerOptions };

// The address and the key are in the environment, as the SDK's documentation says.
for (const [api, of] of Object.entries({ chat: openai.chat, responses: openai.responses })) {
  const generated = await generateText({ model: of(model), ...loop });
  console.log(`${api}:`, generated.text);
  const streamed = streamText({ model: of(model), ...loop });
  let text = "";
  for await (const delta of streamed.textStream) text += delta;
  console.log(`${api}, streamed:`, text);
}
