"""Makes chat completions with OpenAI's SDK for Python, unmodified."""

import openai
import pydantic

MODEL = "openai-codex/gpt-6-astra"
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
HI = [{"role": "user", "content": "Say hi."}]


class Place(pydantic.BaseModel):
    city: str
    people: int


# The address and the key are in the environment, as the SDK's documentation says.
client = openai.OpenAI()

completion = client.chat.completions.create(model=MODEL, messages=HI)
print("created:", completion.choices[0].message.content)

stream = client.chat.completions.create(
    model=MODEL, messages=HI, stream=True, stream_options={"include_usage": True}
)
chunks = list(stream)
assert chunks[-1].usage.total_tokens > 0
text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
print("streamed:", text)

history = [{"role": "user", "content": 'call weather with {"city":"Ulm"}'}]
with client.chat.completions.stream(model=MODEL, messages=history, tools=[WEATHER]) as stream:
    message = stream.get_final_completion().choices[0].message
[call] = message.tool_calls
print("called:", call.function.name, call.function.arguments)
history += [message, {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}]
completion = client.chat.completions.create(model=MODEL, messages=history, tools=[WEATHER])
print("answered:", completion.choices[0].message.content)

completion = client.chat.completions.parse(model=MODEL, messages=HI, response_format=Place)
place = completion.choices[0].message.parsed
print("parsed:", place.city, place.people)

image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
seen = [{"role": "user", "content": [{"type": "text", "text": "look"}, image]}]
completion = client.chat.completions.create(model=MODEL, messages=seen)
print("seen:", repr(completion.choices[0].message.content))

try:
    client.chat.completions.create(model=MODEL, messages=HI, stop="END")
except openai.BadRequestError as error:
    print("refused:", error.param)
