"""Runs clients that exist, unmodified, against `serve` and the simulator.

    eval "$(sh scripts/tools.sh)"; python3 scripts/clients [NAME …]

Installs the pinned clients into the user's cache directory, and builds the two
programs unless CHATGPT_OAUTH_BIN and OPENAI_SIMULATOR_BIN name them. Prints one
line per case; with names, runs the cases whose name begins with one of them.
Fails if a case fails, and then prints what its client printed. Nothing leaves
this machine once the clients are installed.
"""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import case
import codex
import frameworks
import generated_tests
import management_api
import mcp_clients
import sdks
from servers import Servers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CASES = [
    *sdks.CASES, *frameworks.CASES, *codex.CASES, *mcp_clients.CASES, *generated_tests.CASES, *management_api.CASES,
]


def binaries() -> tuple[str, str]:
    """The program and the simulator."""
    given = os.environ.get("CHATGPT_OAUTH_BIN"), os.environ.get("OPENAI_SIMULATOR_BIN")
    if all(given):
        return given
    packages = ["--package", "chatgpt-oauth", "--package", "openai-simulator"]
    subprocess.run(["cargo", "build", "--locked", "--quiet", *packages], cwd=ROOT, check=True)
    folder = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
    return str(folder / "chatgpt-oauth"), str(folder / "openai-simulator")


def is_passed(tried: case.Case, servers: Servers) -> bool:
    began = time.monotonic()
    try:
        outcome = tried.run(servers)
    except case.Failed as failure:
        print(f"{tried.name}: FAILED: {failure}", flush=True)
        return False
    print(f"{tried.name}: {outcome} ({time.monotonic() - began:.1f} s)", flush=True)
    return True


def main() -> int:
    names = tuple(sys.argv[1:])
    tried = [known for known in CASES if not names or known.name.startswith(names)]
    program, simulator = binaries()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = stack.enter_context(Servers(program, simulator, folder))
        passed = [is_passed(known, servers) for known in tried]
    print(f"{sum(passed)} of {len(passed)} cases passed")
    return 0 if passed and all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
