// Asks a model of the subscription, and prints the answer as it comes.
//
// Node 20 or newer; `tsc` makes the JavaScript that Node runs:
//
//     OPENAI_BASE_URL=http://127.0.0.1:8787/v1 OPENAI_API_KEY=cgop_… node ask.js "Say hi."

/** The fields of an event that this program reads. */
interface Event {
  type: string;
  delta?: string;
  response?: { error?: { message: string } };
}

/** Sends a request with the key; a body makes it a POST. */
async function call(path: string, body?: object): Promise<Response> {
  const answer = await fetch(process.env.OPENAI_BASE_URL + path, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${process.env.OPENAI_API_KEY}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) {
    // After 429 and 503, `retry-after` says when to call again.
    const { error } = (await answer.json()) as { error: { message: string } };
    throw new Error(`${answer.status}: ${error.message}`);
  }
  return answer;
}

/** The events of a stream, each a JSON object. */
async function* events(answer: Response): AsyncGenerator<Event> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of answer.body!) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith("data: ")) {
        yield JSON.parse(line.slice("data: ".length));
      }
    }
  }
}

const models = (await (await call("/models")).json()) as { data: { id: string }[] };
const question = { model: models.data[0].id, input: process.argv[2], stream: true };
for await (const event of events(await call("/responses", question))) {
  if (event.type === "response.output_text.delta") {
    process.stdout.write(event.delta!);
  } else if (event.type === "response.failed") {
    throw new Error(event.response?.error?.message);
  }
}
process.stdout.write("\n");
