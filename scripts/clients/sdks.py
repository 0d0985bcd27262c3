"""OpenAI's SDKs for Python and Node, with the programs that the gateway's tests run."""

import os
import pathlib
import sys

import packages
from case import Case, program

FOLDER = packages.ROOT / "host/gateway/tests/clients"
LIMIT = {"preset": "usage_limit_reached"}
SLOW = {"stream": {"preset": "deltas", "count": 1000, "pause_ms": 20}}
# Each script, the model calls that it makes, and how these end.
SCRIPTS = {"responses": (6, []), "chat": (6, []), "early_ends": (6, [SLOW, SLOW, LIMIT, LIMIT, LIMIT, LIMIT])}


def tool(variable: str) -> pathlib.Path:
    """A folder or program that scripts/tools.sh names."""
    return pathlib.Path(os.environ.get(variable) or sys.exit(f'set {variable}: eval "$(sh scripts/tools.sh)"'))


def python(script: str) -> tuple[list, dict]:
    return [sys.executable, FOLDER / f"{script}.py"], {"PYTHONPATH": str(tool("OPENAI_PYTHON"))}


def node(package: str, script: str) -> tuple[list, dict]:
    return ["node", FOLDER / f"{script}.mjs"], {"OPENAI_NODE": str(tool("OPENAI_NODE_MODULES") / package)}


def cases(client: str, command) -> list[Case]:
    return [
        program(f"{client}: {script}", lambda script=script: command(script), FOLDER / f"{script}.txt", calls, faults)
        for script, (calls, faults) in SCRIPTS.items()
    ]


CASES = [
    *cases("openai-python", python),
    *cases("openai-node 7", lambda script: node("openai", script)),
    *cases("openai-node 6", lambda script: node("openai-6", script)),
]
