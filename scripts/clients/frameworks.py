"""Libraries over OpenAI's API: each runs a tool loop by both APIs, streamed and not."""

import shutil
import sys

import packages
from case import Case, program

FOLDER = packages.ROOT / "host/server/tests/clients"
EXPECTED = FOLDER / "tool_loops.txt"
# Four loops of two calls.
CALLS = 8


def python(script: str) -> tuple[list, dict]:
    folder = packages.of_python("clients-python", FOLDER / "requirements.txt")
    environment = {
        "PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore",
        # Without these, LangChain and LiteLLM ask the internet.
        "LANGSMITH_TRACING": "false", "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    return [sys.executable, FOLDER / script], environment


def ai_sdk() -> tuple[list, dict]:
    """The AI SDK finds its packages beside its program only."""
    modules = packages.of_node("ai-sdk", FOLDER)
    script = shutil.copy(FOLDER / "with_ai_sdk.mjs", modules.parent)
    return [modules / ".bin/node", script], {"AI_SDK_LOG_WARNINGS": "false"}


def loops(client: str, command) -> Case:
    return program(f"{client}: tool loops", command, EXPECTED, CALLS)


CASES = [
    loops("AI SDK", ai_sdk),
    loops("langchain-openai", lambda: python("with_langchain.py")),
    loops("pydantic-ai", lambda: python("with_pydantic_ai.py")),
    loops("openai-agents", lambda: python("with_openai_agents.py")),
    loops("LiteLLM", lambda: python("with_litellm.py")),
]
