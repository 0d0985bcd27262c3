"""Runs tool loops with OpenAI's Agents SDK, unmodified."""

import asyncio

from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI

MODEL = "openai-codex/gpt-6-astra"
PROMPT = 'call weather with {"city":"Ulm"}'


@function_tool
def weather(city: str) -> str:
    return f"21 degrees in {city}"


async def main() -> None:
    # Traces would go to OpenAI.
    set_tracing_disabled(True)
    # The address and the key are in the environment, as the SDK's documentation says.
    client = AsyncOpenAI()
    for api, model in {"chat": OpenAIChatCompletionsModel, "responses": OpenAIResponsesModel}.items():
        agent = Agent(name="agent", model=model(MODEL, client), tools=[weather])
        print(f"{api}:", (await Runner.run(agent, PROMPT)).final_output)
        streamed = Runner.run_streamed(agent, PROMPT)
        async for _ in streamed.stream_events():
            pass
        print(f"{api}, streamed:", streamed.final_output)


asyncio.run(main())
