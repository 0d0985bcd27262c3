"""Asks a model of the subscription, and prints the answer as it comes.

Needs Python 3.9 or newer and nothing else:

    OPENAI_BASE_URL=http://127.0.0.1:8787/v1 OPENAI_API_KEY=cgop_… python3 ask.py "Say hi."
"""

import json
import os
import sys
import urllib.error
import urllib.request


def call(path, body=None):
    """Sends a request with the key; a body makes it a POST."""
    request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + path)
    request.add_header("authorization", "Bearer " + os.environ["OPENAI_API_KEY"])
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("content-type", "application/json")
    try:
        return urllib.request.urlopen(request)
    except urllib.error.HTTPError as refused:
        # After 429 and 503, `retry-after` says when to call again.
        sys.exit(f"{refused.code}: {json.load(refused)['error']['message']}")


def events(answer):
    """The events of a stream, each a JSON object."""
    for line in answer:
        if line.startswith(b"data: "):
            yield json.loads(line[len(b"data: "):])


def main():
    model = json.load(call("/models"))["data"][0]["id"]
    question = {"model": model, "input": sys.argv[1], "stream": True}
    with call("/responses", question) as answer:
        for event in events(answer):
            if event["type"] == "response.output_text.delta":
                print(event["delta"], end="", flush=True)
            elif event["type"] == "response.failed":
                sys.exit(event["response"]["error"]["message"])
    print()


main()
