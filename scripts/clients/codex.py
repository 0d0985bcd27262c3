"""The Codex CLI with a provider of its configuration."""

import pathlib
import tempfile

import sdks
from case import Case, Failed, counted, output
from servers import Servers

MODEL = "gpt-5.5"
CONFIGURATION = sdks.FOLDER / "codex.toml"
TOOL_CALL = 'call exec_command with {"cmd":"echo 6 times 7 is $((6*7))"}'


def case(name: str, prompt: str, expected: str, calls: int, status: int = 0, faults=()) -> Case:
    def run(servers: Servers) -> str:
        servers.script(list(faults))
        with tempfile.TemporaryDirectory() as home:
            printed = codex(servers, pathlib.Path(home), prompt, status)
        if expected not in printed:
            raise Failed(f"it printed:\n{printed}")
        return counted(servers, calls)

    return Case(f"codex exec: {name}", run)


def codex(servers: Servers, home: pathlib.Path, prompt: str, status: int) -> str:
    """What `codex exec` with a home of its own prints."""
    configuration = CONFIGURATION.read_text().format(model=MODEL, base_url=f"{servers.url}/v1")
    (home / "config.toml").write_text(configuration)
    own = {"HOME": str(home), "CODEX_HOME": str(home), "CHATGPT_OAUTH_KEY": servers.key, "NO_PROXY": "127.0.0.1"}
    options = ["--skip-git-repo-check", "--ephemeral", "--dangerously-bypass-approvals-and-sandbox"]
    return output([sdks.tool("CODEX_BIN"), "exec", *options, "--json", prompt], own, status, cwd=home)


CASES = [
    case("plain", "Say hi.", "You said: Say hi.", 1),
    case("tool call", TOOL_CALL, "6 times 7 is 42", 2),
    case("limit", "Say hi.", "usage limit", 1, status=1, faults=[sdks.LIMIT]),
]
