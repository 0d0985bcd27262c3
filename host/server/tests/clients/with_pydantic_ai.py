"""Runs tool loops with Pydantic AI, unmodified."""

import asyncio

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel

MODEL = "openai-codex/gpt-6-astra"
PROMPT = 'call weather with {"city":"Ulm"}'


def weather(city: str) -> str:
    return f"21 degrees in {city}"


async def main() -> None:
    # The address and the key are in the environment, as the library's documentation says.
    for api, model in {"chat": OpenAIChatModel(MODEL), "responses": OpenAIResponsesModel(MODEL)}.items():
        agent = Agent(model, tools=[weather])
        print(f"{api}:", (await agent.run(PROMPT)).output)
        async with agent.run_stream(PROMPT) as streamed:
            text = "".join([delta async for delta in streamed.stream_text(delta=True)])
        print(f"{api}, streamed:", text)


asyncio.run(main())
