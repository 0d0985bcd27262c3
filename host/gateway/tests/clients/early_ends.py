"""Calls that end early, by OpenAI's SDK for Python, unmodified."""

import openai

MODEL = "openai-codex/gpt-6-astra"
HI = [{"role": "user", "content": "Say hi."}]

# The address and the key are in the environment, as the SDK's documentation says.
client = openai.OpenAI()


def respond(**options):
    return client.responses.create(model=MODEL, input="Say hi.", **options)


def complete(**options):
    return client.chat.completions.create(model=MODEL, messages=HI, **options)


# The caller leaves while the model speaks.
with respond(stream=True) as stream:
    event = next(event for event in stream if event.type == "response.output_text.delta")
    print("left:", event.type)
with complete(stream=True) as stream:
    chunk = next(chunk for chunk in stream if chunk.choices[0].delta.content)
    print("left:", chunk.object)

# The plan is used up.
for call in [respond, complete]:
    for options in [{}, {"stream": True}]:
        try:
            call(**options)
        except openai.RateLimitError as error:
            print("limited:", error.status_code, error.code)
