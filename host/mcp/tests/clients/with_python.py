"""A whole login by the official SDK for Python, with both protocols: every tool.

Arguments: `stdio PROGRAM ARGUMENT …`, or `http URL` with the key in CHATGPT_OAUTH_KEY.
"""

import asyncio
import contextlib
import os
import sys

import httpx2
from mcp.client import session
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

# The SDK waits for a server for 10 s: a busy machine may need longer to start one.
session.DISCOVER_TIMEOUT_SECONDS = 60

CALLS = [
    ("status", {}),
    ("usage", {}),
    ("start", {}),
    ("poll", {}),
    ("models", {}),
    ("usage", {"force": True}),
    ("refresh", {}),
    ("status", {}),
    ("logout", {"revoke": True}),
]


@contextlib.asynccontextmanager
async def transport(kind: str, target: str, *arguments: str):
    if kind == "stdio":
        parameters = StdioServerParameters(command=target, args=list(arguments), env=dict(os.environ))
        yield stdio_client(parameters)
    else:
        headers = {"authorization": f"Bearer {os.environ['CHATGPT_OAUTH_KEY']}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as client:
            yield streamable_http_client(target, http_client=client)


async def answer(client: Client, tool: str, arguments: dict) -> dict:
    """The answer of a tool; that of `poll` when the login is no longer pending."""
    while True:
        result = await client.call_tool(tool, arguments)
        answer = result.structured_content
        assert result.is_error == (not answer["ok"]), result
        if tool != "poll" or answer.get("status") != "pending":
            return answer
        await asyncio.sleep(answer["retry_after_seconds"])


def summary(answer: dict):
    fields = ("code", "state", "status", "count", "plan")
    return next(answer[field] for field in fields if answer.get(field) is not None)


async def sign_in_and_out(mode: str) -> None:
    async with transport(*sys.argv[1:]) as streams, Client(streams, mode=mode) as client:
        print(client.protocol_version)
        print(*[tool.name for tool in (await client.list_tools()).tools])
        for tool, arguments in CALLS:
            print(tool, summary(await answer(client, tool, arguments)))


async def main() -> None:
    for mode in ("legacy", "auto"):
        await sign_in_and_out(mode)


asyncio.run(main())
