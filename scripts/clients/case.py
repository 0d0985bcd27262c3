"""A case: a client's program, what it prints, and the model calls that it causes."""

import dataclasses
import os
import pathlib
import subprocess
from typing import Callable

from servers import Servers

# A client that repeats calls without end is stopped.
LONGEST = 600


class Failed(Exception):
    """Why a case has failed, with what the client printed."""


@dataclasses.dataclass
class Case:
    name: str
    run: Callable[[Servers], str]


def program(name: str, client: Callable[[], tuple[list, dict]], expected: pathlib.Path, calls: int, faults=()) -> Case:
    """A case whose client prints what a file holds and makes so many model calls."""

    def run(servers: Servers) -> str:
        command, environment = client()
        servers.script(list(faults))
        printed = output(command, {**environment, **servers.environment()})
        if printed != expected.read_text():
            raise Failed(f"it printed:\n{printed}")
        return counted(servers, calls)

    return Case(name, run)


def counted(servers: Servers, expected: int) -> str:
    """The number of model calls, if it is this one."""
    calls = len(servers.calls())
    if calls != expected:
        raise Failed(f"{calls} model calls, not {expected}")
    return f"passed, {calls} model calls"


def output(command: list, environment: dict, status: int = 0, **options) -> str:
    """What a command prints, if it ends with this status."""
    home = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        list(map(str, command)), env={**home, **environment}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=LONGEST, **options,
    )
    if done.returncode != status:
        raise Failed(f"status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout
