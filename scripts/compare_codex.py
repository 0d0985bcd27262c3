"""Counts how often four processes that share a login present a refresh token twice.

    eval "$(sh scripts/tools.sh)"; python3 scripts/compare_codex.py [--seconds 300] [--rotation strict]

In each round, four processes of the Codex CLI (`codex exec`) make a call at once,
then four of this program (`chatgpt-oauth authorize`). Each program has its own
login and simulator, in real time. Access tokens last 200 s, always less than the
remaining lifetime at which the Codex CLI refreshes. A program that loses its
login signs in again. Prints the simulators' counts; fails if this program presented
a token twice, lost its login or had a failed call. Needs the Codex CLI's native
program in CODEX_BIN.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARIES = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
PROCESSES = 4
LIFETIME = 200
# The limit of a call, in seconds: with such short lifetimes, a call of the Codex CLI
# may refresh in an endless loop.
CALL_TIMEOUT = 60


class Simulator:
    def __init__(self, directory: pathlib.Path, rotation: str):
        self.ca = directory / "ca.pem"
        self.process = subprocess.Popen(
            [BINARIES / "openai-simulator", "--json", "--ca", self.ca, "--interval", "1", "--auto-approve",
             "--access-token-lifetime", str(LIFETIME), "--rotation", rotation],
            stdout=subprocess.PIPE, text=True,
        )
        addresses = json.loads(self.process.stdout.readline())
        self.http, self.https = addresses["http"], addresses["https"]

    def presentations(self) -> list[int]:
        """How often each refresh token was presented, the oldest first."""
        with urllib.request.urlopen(f"{self.http}/_simulator/presentations") as answer:
            return [len(token["presentations"]) for token in json.load(answer)]

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


class Codex:
    """The Codex CLI with its own home, connected only to the simulator."""

    def __init__(self, simulator: Simulator, home: pathlib.Path):
        binary = os.environ.get("CODEX_BIN") or sys.exit('set CODEX_BIN: eval "$(sh scripts/tools.sh)"')
        home.mkdir()
        self.command = [
            binary, "-c", 'cli_auth_credentials_store="file"',
            "-c", f'chatgpt_base_url="{simulator.https}/backend-api"',
            "-c", f'openai_base_url="{simulator.https}/backend-api/codex"',
        ]
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "CODEX_HOME": str(home),
            "CODEX_CA_CERTIFICATE": str(simulator.ca),
            "CODEX_REFRESH_TOKEN_URL_OVERRIDE": f"{simulator.http}/oauth/token",
        }
        self.home = home
        self.issuer = simulator.http

    def sign_in(self) -> bool:
        return self.run("login", "--device-auth", "--experimental_issuer", self.issuer)

    def run(self, *arguments: str) -> bool:
        return succeeds([*self.command, *arguments], env=self.environment, cwd=self.home)

    def call(self) -> bool:
        return self.run("exec", "--skip-git-repo-check", "--ephemeral", "Say hello")


class ChatgptOauth:
    """This program with its own store, connected only to the simulator."""

    def __init__(self, simulator: Simulator, directory: pathlib.Path):
        self.command = [
            BINARIES / "chatgpt-oauth", "--store", f"sqlite:{directory}/store/test.db", "--cacert", simulator.ca,
        ]
        for host in ("auth.openai.com", "chatgpt.com"):
            self.command += ["--connect-to", f"{host}:443:{simulator.https.removeprefix('https://')}"]

    def sign_in(self) -> bool:
        return succeeds([*self.command, "login"])

    def call(self) -> bool:
        return succeeds([*self.command, "authorize"])


def succeeds(command: list, **options) -> bool:
    null = subprocess.DEVNULL
    try:
        done = subprocess.run(command, stdin=null, stdout=null, stderr=null, timeout=CALL_TIMEOUT, **options)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


class Contender:
    """A program that four processes use at once, with its counts."""

    def __init__(self, title: str, program: Codex | ChatgptOauth, simulator: Simulator):
        self.title, self.program, self.simulator = title, program, simulator
        self.calls = self.failed = self.lost = 0
        self.sign_in()

    def sign_in(self) -> None:
        if not self.program.sign_in():
            sys.exit(f"{self.title}: no sign-in")

    def round(self, pool: concurrent.futures.Executor) -> None:
        calls = [pool.submit(self.program.call) for _ in range(PROCESSES)]
        failed = sum(not call.result() for call in calls)
        self.calls += PROCESSES
        self.failed += failed
        if failed:
            self.lost += 1
            self.sign_in()

    def report(self) -> None:
        counts = self.simulator.presentations()
        print(
            f"  {self.title:<24} {self.calls} calls, {self.failed} failed, {self.lost} logins lost; "
            f"{len(counts)} refresh tokens, {sum(counts)} presentations, "
            f"{sum(count > 1 for count in counts)} tokens presented more than once"
        )

    def is_flawless(self) -> bool:
        return self.failed == 0 and max(self.simulator.presentations()) <= 1


def measure(seconds: int, rotation: str) -> bool:
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        directories = [pathlib.Path(name) / "codex", pathlib.Path(name) / "ours"]
        for directory in directories:
            directory.mkdir()
        simulators = [Simulator(directory, rotation) for directory in directories]
        for simulator in simulators:
            stack.callback(simulator.end)
        codex = Contender("codex exec", Codex(simulators[0], directories[0] / "home"), simulators[0])
        ours = Contender("chatgpt-oauth authorize", ChatgptOauth(simulators[1], directories[1]), simulators[1])
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
            while time.monotonic() < began + seconds:
                codex.round(pool)
                ours.round(pool)
        print(f"{PROCESSES} processes at once for {seconds} s, lifetime {LIFETIME} s, rotation {rotation}")
        codex.report()
        ours.report()
        return ours.is_flawless()


def main() -> int:
    options = argparse.ArgumentParser(description="counts how often refresh tokens are presented")
    options.add_argument("--seconds", type=int, default=300)
    options.add_argument("--rotation", default="strict", help="a value of the simulator's --rotation")
    arguments = options.parse_args()
    subprocess.run(
        ["cargo", "build", "--locked", "--quiet", "--package", "chatgpt-oauth", "--package", "openai-simulator"],
        cwd=ROOT, check=True,
    )
    return 0 if measure(arguments.seconds, arguments.rotation) else 1


if __name__ == "__main__":
    sys.exit(main())
