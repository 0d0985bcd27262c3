"""The agent of ../agent in Python: signs its person in, streams a model's answers, runs one tool
and shows how much of the plan is used."""

import json

from componentize_py_types import Err
from wit_world import WitWorld as Agent
from wit_world.imports import connection
from wit_world.imports.connection import LoginStatus

import model

TURNS = 8  # a model that calls the tool more often makes no progress

TOOL = {
    "type": "function",
    "name": "count_letter",
    "description": "Counts how often a letter is in a text.",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"text": {"type": "string"}, "letter": {"type": "string"}},
        "required": ["text", "letter"],
        "additionalProperties": False,
    },
}


class WitWorld(Agent):
    def run(self, task):
        try:
            return sign_in() or work(task)
        except Err as error:
            raise Err(explained(error.value)) from error


def sign_in():
    """What the person has to do to sign in; None once they have."""
    status = connection.status()
    if status.connected:
        return None
    if status.pending is None:
        return connection.start().instructions
    progress = connection.poll(None)
    return progress.next_step if progress.status == LoginStatus.PENDING else None


def work(task):
    default = connection.models(False).default_model_id
    if default is None:
        raise Err("the plan has no models")
    said = answer(default, task)
    return f"{said}\n{limits(connection.usage(True))}"


def answer(name, task):
    """What the model says when it calls the tool no more."""
    items = [{"role": "user", "content": task}]
    for _ in range(TURNS):
        text, said = model.turn(name, items, TOOL)
        outputs = [output(item) for item in said if item["type"] == "function_call"]
        if not outputs:
            return text
        # The model keeps nothing: the next request repeats what it said.
        items += said + outputs
    raise Err(f"the model has called the tool {TURNS} times")


def output(call):
    """The item that answers a call of the model."""
    try:
        arguments = json.loads(call["arguments"])
        result = str(arguments["text"].count(arguments["letter"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        result = f"these arguments cannot be used: {error}"
    return {"type": "function_call_output", "call_id": call["call_id"], "output": result}


def limits(usage):
    """One line about the limits of the plan."""
    windows = [
        f", {window.name} {window.used_percent:.0f} % used"
        for window in usage.windows
        if window.used_percent is not None
    ]
    return f"plan {usage.plan or 'unknown'}{''.join(windows)}"


def explained(error):
    if isinstance(error, connection.Error):
        return f"{error.message}: {error.hint}"
    return str(error)
