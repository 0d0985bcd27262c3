"""Signs a person in, and prints the account and the models.

Needs Python 3.9 or newer, and a key with the scope `onboarding`:

    CHATGPT_OAUTH_URL=http://127.0.0.1:8787/api/v1/me CHATGPT_OAUTH_KEY=cgop_… python3 sign_in.py
"""

import json
import os
import sys
import urllib.error
import urllib.request


def call(function, body):
    """Calls a function of the key's profile, and returns its answer."""
    request = urllib.request.Request(
        os.environ["CHATGPT_OAUTH_URL"] + function,
        data=json.dumps(body).encode(),
        headers={
            "authorization": "Bearer " + os.environ["CHATGPT_OAUTH_KEY"],
            "content-type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as failed:
        failure = json.load(failed)
        sys.exit(f"{failure['code']}: {failure['error']}. {failure['hint']}")


def main():
    prompt = call("/start", {})
    print(prompt["instructions"], flush=True)
    progress = {"status": "pending"}
    while progress["status"] == "pending":
        # The server asks OpenAI at the interval that OpenAI wants, and answers after 25 s at most.
        progress = call("/poll?wait=25", {"pending_id": prompt["pending_id"]})
    print("signed in as", progress["email"], "with", ", ".join(progress["available_models"] or []))


main()
