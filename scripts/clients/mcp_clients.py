"""Clients of the Model Context Protocol: each lists the tools and calls all of them, over both transports."""

import json
import sys
import time
from typing import Callable

import packages
import sdks
from case import Case, Failed, output
from servers import Servers

FOLDER = packages.ROOT / "host/mcp/tests/clients"
EXPECTED = FOLDER / "tools.txt"
# With a version of Node that it takes.
INSPECTOR = ("@modelcontextprotocol/inspector@2.12.0", "node@22.23.3")
# The result of a tool has `isError`: the exit code of the inspector.
TOOL_FAILED = 5


def stdio(servers: Servers, profile: str) -> tuple[list, dict]:
    """The program that a client starts."""
    return ["stdio", servers.program, *servers.options_of(profile), "mcp"], {}


def http(servers: Servers, profile: str) -> tuple[list, dict]:
    """The server that a client connects to."""
    key = servers.new_key("--scope", "onboarding", profile=profile)
    return ["http", f"{servers.url}/mcp"], {"CHATGPT_OAUTH_KEY": key, "NO_PROXY": "127.0.0.1"}


def python() -> list:
    return ["env", f"PYTHONPATH={sdks.tool('MCP_PYTHON')}", sys.executable, FOLDER / "with_python.py"]


def typescript() -> list:
    modules = sdks.tool("MCP_NODE_MODULES")
    return ["env", f"MCP_NODE_MODULES={modules}", "node", FOLDER / "with_typescript.mjs"]


def sdk(client: str, command: Callable[[], list], transport: Callable) -> Case:
    name = f"MCP, {client}, {transport.__name__}"

    def run(servers: Servers) -> str:
        target, environment = transport(servers, profile_of(name))
        printed = output([*command(), *target], environment)
        if printed != EXPECTED.read_text():
            raise Failed(f"it printed:\n{printed}")
        return "passed"

    return Case(name, run)


def inspector(transport: Callable) -> Case:
    name = f"MCP, inspector, {transport.__name__}"

    def run(servers: Servers) -> str:
        modules = packages.of_npm("mcp-inspector", *INSPECTOR)
        (kind, *target), environment = transport(servers, profile_of(name))
        key = environment.get("CHATGPT_OAUTH_KEY")
        where = ["--server-url", *target, "--header", f"Authorization: Bearer {key}"] if key else ["--", *target]
        program = [modules / ".bin/node", modules / ".bin/mcp-inspector", "--cli", "--format", "json"]
        for era in ("legacy", "modern"):
            ask = asker([*program, "--protocol-era", era], where, environment)
            sign_in_and_out(ask)
        return "passed"

    return Case(name, run)


def asker(program: list, where: list, environment: dict) -> Callable:
    """Calls a tool in a process of its own, or lists the tools."""

    def ask(*arguments: str, status: int = 0) -> dict:
        printed = output([*program, *arguments, *where], environment, status)
        return json.loads(printed)["result"]

    return ask


def sign_in_and_out(ask: Callable) -> None:
    def call(tool: str, *arguments: str, status: int = 0) -> dict:
        pairs = [word for pair in arguments for word in ("--tool-arg", pair)]
        result = ask("--method", "tools/call", "--tool-name", tool, *pairs, status=status)
        return result["structuredContent"]

    def expect(found, expected) -> None:
        if found != expected:
            raise Failed(f"{found!r}, not {expected!r}")

    names = [tool["name"] for tool in ask("--method", "tools/list")["tools"]]
    expect(names, EXPECTED.read_text().splitlines()[1].split())
    expect(call("usage", status=TOOL_FAILED)["code"], "not-connected")
    expect(call("start")["status"], "pending")
    while call("poll")["status"] == "pending":
        time.sleep(1)
    expect(call("status")["state"], "connected")
    expect(call("models", "force=false")["count"], 7)
    expect(call("usage")["plan"], "plus")
    expect(call("refresh")["status"], "refreshed")
    expect(call("logout", "revoke=true")["revoked"], True)


def profile_of(case: str) -> str:
    """A profile of its own: a profile begins three logins a minute."""
    return case.lower().replace(", ", ".")


TRANSPORTS = [stdio, http]
CASES = [
    *[sdk("Python", python, transport) for transport in TRANSPORTS],
    *[sdk("TypeScript", typescript, transport) for transport in TRANSPORTS],
    *[inspector(transport) for transport in TRANSPORTS],
]
