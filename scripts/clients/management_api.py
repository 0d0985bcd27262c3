"""The management API: what its description promises, by schemathesis."""

import json
import os
import sys

import packages
from case import Case, Failed, output
from frameworks import FOLDER
from servers import Servers

EXAMPLES = os.environ.get("CHATGPT_OAUTH_SCHEMATHESIS_EXAMPLES", "200")


def case(name: str, paths: list[str], listener) -> Case:
    def run(servers: Servers) -> str:
        address, key = listener(servers)
        description = servers.folder / "openapi.json"
        description.write_text(json.dumps(servers.description()))
        installed = packages.of_python("schemathesis", FOLDER / "schemathesis.txt")
        command = [
            sys.executable, installed / "bin/schemathesis", "run", description, "--url", address,
            "--header", f"Authorization: Bearer {key}", "--checks", "all", "--max-examples", EXAMPLES, *paths,
        ]
        environment = {"PYTHONPATH": str(installed), "NO_PROXY": "127.0.0.1", "NO_COLOR": "1"}
        return output(command, environment, cwd=servers.folder).strip().splitlines()[-1].strip("= ")

    return Case(f"schemathesis: {name}", run)


CASES = [
    case("/api/v1/profiles", ["--exclude-path-regex", "^/api/v1/me/"], lambda it: (it.admin_url, it.admin_key)),
    case("/api/v1/me", ["--include-path-regex", "^/api/v1/me/"], lambda it: (it.url, it.key)),
]
