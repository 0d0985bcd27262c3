"""One answer of the model, over wasi:http. The runtime adds the login to the request."""

import json

from componentize_py_types import Err
from wit_world.imports import outgoing_handler
from wit_world.imports.streams import StreamError_Closed
from wit_world.imports.types import (
    Fields,
    IncomingBody,
    Method_Post,
    OutgoingBody,
    OutgoingRequest,
    Scheme_Https,
)

HOST = "openai-codex.invalid"
CHUNK = 4096  # the most that a stream takes at once


def turn(name, items, tool):
    """The model's text, and its messages, reasoning and calls."""
    request = {
        "model": name,
        "instructions": "You are an agent. Count with the tool.",
        "input": items,
        "tools": [tool],
        "include": ["reasoning.encrypted_content"],
        "store": False,
        "stream": True,
    }
    text, said = "", []
    for event in events(post("/v1/responses", json.dumps(request).encode())):
        match event["type"]:
            case "response.output_text.delta":
                text += event["delta"]
            case "response.output_item.done":
                said.append(event["item"])
            case "response.completed":
                return text, said
            case "response.failed":
                raise Err(message(event["response"]["error"]))
            case "response.incomplete":
                raise Err(f"the model's answer is incomplete: {event['response'].get('incomplete_details')}")
            case "error":
                raise Err(message(event))
    raise Err("the model's answer has no end")


def message(error):
    return error.get("message") or str(error)


def events(chunks):
    """The server-sent events of an answer, as they come."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            # The name of an event is in its data, too.
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))


def post(path, body):
    """Sends JSON and returns the answer piece by piece. An answer other than 200 is an error."""
    request = OutgoingRequest(Fields.from_list([("content-type", b"application/json")]))
    request.set_method(Method_Post())
    request.set_scheme(Scheme_Https())
    request.set_authority(HOST)
    request.set_path_with_query(path)
    outgoing = request.body()
    future = outgoing_handler.handle(request, None)
    unwritten = write(outgoing, body)
    future.subscribe().block()
    response = future.get().value
    if isinstance(response, Err):
        raise response
    chunks = read(response.value.consume())
    if response.value.status() != 200:
        error = json.loads(b"".join(chunks))["error"]
        raise Err(f"{response.value.status()}: {error['message']}")
    if unwritten:
        raise unwritten
    return chunks


def write(outgoing, body):
    """The error that kept the body from being written: an answer that came before says more."""
    try:
        with outgoing.write() as stream:
            for begin in range(0, len(body), CHUNK):
                stream.blocking_write_and_flush(body[begin : begin + CHUNK])
        OutgoingBody.finish(outgoing, None)
    except Err as error:
        return error


def read(body: IncomingBody):
    with body, body.stream() as stream:
        while True:
            try:
                yield stream.blocking_read(CHUNK)
            except Err as error:
                if isinstance(error.value, StreamError_Closed):
                    return
                raise
