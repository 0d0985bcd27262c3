"""Runs tool loops with langchain-openai, unmodified."""

from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

MODEL = "openai-codex/gpt-6-astra"


@tool
def weather(city: str) -> str:
    """The weather of a city."""
    return f"21 degrees in {city}"


def streamed(model, messages):
    """The message that the chunks add up to."""
    first, *rest = model.stream(messages)
    return sum(rest, first)


def loop(model, ask):
    """What the model says when it has called its tool."""
    history = [HumanMessage('call weather with {"city":"Ulm"}')]
    history.append(ask(model, history))
    history += [weather.invoke(call) for call in history[-1].tool_calls]
    return ask(model, history).text


# The address and the key are in the environment, as the library's documentation says.
for api in ["chat", "responses"]:
    client = ChatOpenAI(model=MODEL, use_responses_api=api == "responses").bind_tools([weather])
    print(f"{api}:", loop(client, lambda model, messages: model.invoke(messages)))
    print(f"{api}, streamed:", loop(client, streamed))
