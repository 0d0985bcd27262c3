// Signs a person in, and prints the account and the models.
//
// Node 20 or newer, and a key with the scope `onboarding`:
//
//     CHATGPT_OAUTH_URL=http://127.0.0.1:8787/api/v1/me CHATGPT_OAUTH_KEY=cgop_… node sign_in.js

/** What `start` answers; docs/cli.md has every field. */
interface Start {
  pending_id: string;
  instructions: string;
}

/** What `poll` answers. */
interface Poll {
  status: "pending" | "connected";
  email: string | null;
  available_models: string[] | null;
}

/** Calls a function of the key's profile, and returns its answer. */
async function call<Answer>(name: string, body: object): Promise<Answer> {
  const answer = await fetch(process.env.CHATGPT_OAUTH_URL + name, {
    method: "POST",
    headers: { authorization: `Bearer ${process.env.CHATGPT_OAUTH_KEY}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) {
    const failure = (await answer.json()) as { code: string; error: string; hint: string };
    throw new Error(`${failure.code}: ${failure.error}. ${failure.hint}`);
  }
  return (await answer.json()) as Answer;
}

const prompt = await call<Start>("/start", {});
console.log(prompt.instructions);
let progress: Poll;
do {
  // The server asks OpenAI at the interval that OpenAI wants, and answers after 25 s at most.
  progress = await call<Poll>("/poll?wait=25", { pending_id: prompt.pending_id });
} while (progress.status === "pending");
console.log("signed in as", progress.email, "with", progress.available_models?.join(", "));
