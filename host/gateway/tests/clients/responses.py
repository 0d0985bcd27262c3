"""Makes model calls with OpenAI's SDK for Python, unmodified."""

import pydantic
from openai import OpenAI

MODEL = "openai-codex/gpt-6-astra"
WEATHER = {
    "type": "function",
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


class Place(pydantic.BaseModel):
    city: str
    people: int


# The address and the key are in the environment, as the SDK's documentation says.
client = OpenAI()

[listed] = [model.id for model in client.models.list() if model.id == MODEL]
print("listed:", listed)

response = client.responses.create(model=MODEL, input="Say hi.")
print("created:", response.output_text)

with client.responses.stream(model=MODEL, input="Say hi.") as stream:
    text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
    assert stream.get_final_response().output_text == text
print("streamed:", text)

history = [{"role": "user", "content": 'call weather with {"city":"Ulm"}'}]
with client.responses.stream(model=MODEL, input=history, tools=[WEATHER]) as stream:
    response = stream.get_final_response()
[call] = [item for item in response.output if item.type == "function_call"]
print("called:", call.name, call.arguments)

history += [item.to_dict() for item in response.output]
history.append({"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"})
response = client.responses.create(model=MODEL, input=history, tools=[WEATHER])
print("answered:", response.output_text)

place = client.responses.parse(model=MODEL, input="Say hi.", text_format=Place).output_parsed
print("parsed:", place.city, place.people)

image = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "auto"}
seen = [{"role": "user", "content": [{"type": "input_text", "text": "look"}, image]}]
response = client.responses.create(model=MODEL, input=seen)
print("seen:", repr(response.output_text))
