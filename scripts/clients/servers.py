"""The simulator, and `serve` connected to it, with a person who has signed in."""

import json
import pathlib
import subprocess
import sys
import threading
import urllib.request

PROFILE = "ada"


class Servers:
    """Two processes with a folder of their own, which end with the context."""

    def __init__(self, program: str, simulator: str, folder: pathlib.Path):
        self.program, self.folder = program, folder
        ca = folder / "ca.pem"
        self.simulator = subprocess.Popen(
            [simulator, "--json", "--ca", ca, "--interval", "1", "--auto-approve"],
            stdout=subprocess.PIPE, text=True,
        )
        addresses = json.loads(self.simulator.stdout.readline())
        self.control = f"{addresses['http']}/_simulator"
        self.common = ["--json", "--store", f"sqlite:{folder}/store/test.db", "--cacert", str(ca)]
        for host in ("auth.openai.com", "chatgpt.com"):
            self.common += ["--connect-to", f"{host}:443:{addresses['https'].removeprefix('https://')}"]
        self.options = self.options_of(PROFILE)
        self.serve = None

    def options_of(self, profile: str) -> list[str]:
        """What every command of a profile has."""
        return [*self.common, "--profile", profile]

    def __enter__(self) -> "Servers":
        try:
            self.begin()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.end()

    def begin(self) -> None:
        self.ask("login")
        scopes = [word for scope in ("read", "onboarding", "inference") for word in ("--scope", scope)]
        self.key = self.new_key(*scopes)
        self.admin_key = self.new_key("--admin")
        # More than a person's agents need: the clients run without pauses.
        limits = ["--key-rate", "1000", "--key-streams", "100"]
        listeners = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
        self.serve = subprocess.Popen(
            [self.program, *self.options, "serve", *listeners, *limits], stderr=subprocess.PIPE, text=True
        )
        for line in self.serve.stderr:
            said = json.loads(line)
            if said["message"] == "serving":
                self.url, self.admin_url = f"http://{said['public']}", f"http://{said['admin']}"
                break
        threading.Thread(target=self.keep_log, daemon=True).start()

    def keep_log(self) -> None:
        with open(self.folder / "serve.log", "w") as log:
            log.writelines(self.serve.stderr)

    def end(self) -> None:
        for process in filter(None, (self.serve, self.simulator)):
            process.kill()
            process.wait()

    def ask(self, *arguments: str, profile: str = PROFILE) -> None:
        command = [self.program, *self.options_of(profile), *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{arguments[0]}: {done.stdout}{done.stderr}")

    def new_key(self, *permission: str, profile: str = PROFILE) -> str:
        file = self.folder / f"{len(list(self.folder.iterdir()))}.key"
        self.ask("keys", "create", *permission, "--output", str(file), profile=profile)
        return file.read_text().strip()

    def environment(self) -> dict[str, str]:
        """What every client of OpenAI's API reads."""
        return {"OPENAI_BASE_URL": f"{self.url}/v1", "OPENAI_API_KEY": self.key, "NO_PROXY": "127.0.0.1"}

    def script(self, faults: list[dict]) -> None:
        """Forgets the past, and lets the model's next calls end in these ways."""
        self.order("DELETE", "requests")
        self.order("DELETE", "faults")
        for fault in faults:
            self.order("POST", "fault", {"endpoint": "responses", "fault": fault})

    def calls(self) -> list[dict]:
        """The model calls since then."""
        return [request for request in self.order("GET", "requests") if request["endpoint"] == "responses"]

    def description(self) -> dict:
        """The description of the management API."""
        headers = {"authorization": f"Bearer {self.admin_key}"}
        return send(urllib.request.Request(f"{self.admin_url}/openapi.json", headers=headers))

    def order(self, method: str, command: str, body: dict | None = None):
        data = json.dumps(body).encode() if body else None
        return send(urllib.request.Request(f"{self.control}/{command}", data, method=method))


def send(request: urllib.request.Request):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request) as answer:
        return json.load(answer)
