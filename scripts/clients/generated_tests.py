"""The generated tests of OpenAI's SDK for Python, as far as they call what the gateway has.

The tests of chat completions with all parameters send what it refuses.
"""

import pathlib
import shutil
import sys
import tempfile

import packages
from case import Case, Failed, output
from frameworks import FOLDER
from servers import Servers

SDK = "openai==3.57.0"
KEY_OF_THE_TESTS = 'api_key = "My API Key"'
TESTS = {
    "models": ("test_models.py", "retrieve or list"),
    "chat completions": ("chat/test_completions.py", "create_overload and not all_params"),
}


def case(name: str, file: str, chosen: str) -> Case:
    def run(servers: Servers) -> str:
        servers.script([])
        with tempfile.TemporaryDirectory() as folder:
            source = shutil.copytree(packages.source_of_python(SDK), folder, dirs_exist_ok=True)
            conftest = pathlib.Path(source) / "tests/conftest.py"
            text = conftest.read_text()
            if KEY_OF_THE_TESTS not in text:
                raise Failed("the tests have no key to replace")
            conftest.write_text(text.replace(KEY_OF_THE_TESTS, f'api_key = "{servers.key}"'))
            return pytest(servers, source, file, chosen)

    return Case(f"openai-python's own tests: {name}", run)


def pytest(servers: Servers, source: str, file: str, chosen: str) -> str:
    """The line of pytest that counts the tests."""
    installed = packages.of_python("clients-python", FOLDER / "requirements.txt")
    environment = {"PYTHONPATH": str(installed), "TEST_API_BASE_URL": f"{servers.url}/v1", "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-k", chosen, f"tests/api_resources/{file}"]
    return output(command, environment, cwd=source).strip().splitlines()[-1]


CASES = [case(name, file, chosen) for name, (file, chosen) in TESTS.items()]
