"""Runs tool loops with LiteLLM as a client, unmodified."""

import json

import litellm

# LiteLLM's own prefix names the API; the rest is the model.
MODEL = "openai/openai-codex/gpt-6-astra"
PROMPT = {"role": "user", "content": 'call weather with {"city":"Ulm"}'}
FUNCTION = {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}


def weather(city: str) -> str:
    return f"21 degrees in {city}"


def completed(history, stream):
    """The message of a chat completion, also of one that came in chunks."""
    tools = [{"type": "function", "function": FUNCTION}]
    answer = litellm.completion(MODEL, history, tools=tools, stream=stream)
    if stream:
        answer = litellm.stream_chunk_builder(list(answer))
    return answer.choices[0].message


def responded(history, stream):
    """The output of a response, also of one that came in events."""
    answer = litellm.responses(history, MODEL, tools=[{"type": "function", **FUNCTION}], stream=stream)
    if stream:
        [answer] = [event.response for event in answer if event.type == "response.completed"]
    return answer.output


def chat(stream):
    message = completed([PROMPT], stream)
    [call] = message.tool_calls
    output = weather(**json.loads(call.function.arguments))
    return completed([PROMPT, message, {"role": "tool", "tool_call_id": call.id, "content": output}], stream).content


def responses(stream):
    output = responded([PROMPT], stream)
    [call] = [item for item in output if item.type == "function_call"]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": weather(**json.loads(call.arguments))}
    output = responded([PROMPT, *[item.model_dump() for item in output], result], stream)
    [message] = [item for item in output if item.type == "message"]
    return message.content[0].text


litellm.suppress_debug_info = True
# The address and the key are in the environment, as the library's documentation says.
for api in [chat, responses]:
    print(f"{api.__name__}:", api(stream=False))
    print(f"{api.__name__}, streamed:", api(stream=True))
