"""Prints the figures of docs/performance.md, measured on this machine.

    python3 scripts/performance.py

Runs `cargo bench` for the calls inside one process and prints their medians;
then runs `chatgpt-oauth --json status` and `codex login status` in turn, as
whole processes with a login each, and prints the medians of wall time and peak
memory and their ratios. It sets no limit. Needs GNU time, and the Codex CLI's
native program in CODEX_BIN (scripts/tools.sh installs it).
"""

import base64
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
RUNS = 40
WARM_UP = 3


def in_process() -> None:
    subprocess.run(
        ["cargo", "bench", "--locked", "--quiet", "--package", "chatgpt-oauth", "--bench", "calls"],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    print("in one process (cargo bench), median")
    for estimates in sorted((TARGET / "criterion").glob("*/new/estimates.json")):
        name = json.loads((estimates.parent / "benchmark.json").read_text())["full_id"]
        median = json.loads(estimates.read_text())["median"]["point_estimate"]
        print(f"  {name:<50} {median / 1000:10.1f} µs")


def wall_time(command: list[str], environment: dict[str, str]) -> float:
    """Of one whole process, in milliseconds."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, stream) for stream in (0, 1, 2)]
    started = time.perf_counter()
    process = os.posix_spawn(command[0], command, environment, file_actions=actions)
    _, status = os.waitpid(process, 0)
    wall = (time.perf_counter() - started) * 1000
    os.close(null)
    if status != 0:
        sys.exit(f"{command[0]} failed with status {status}")
    return wall


def peak_memory(command: list[str], environment: dict[str, str]) -> float:
    """Of one whole process, in MiB. The peak of a process counts from before it is executed, when
    it shares the memory of its parent: GNU time is a small one.
    """
    with tempfile.NamedTemporaryFile("r") as peak:
        subprocess.run(
            ["time", "--format", "%M", "--output", peak.name, *command],
            env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        return int(peak.read()) / 1024


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    return wall_time(command, environment), peak_memory(command, environment)


def jwt(claims: dict) -> str:
    def part(value: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.c2ln"


def codex_home(directory: pathlib.Path) -> dict[str, str]:
    now = int(time.time())
    claims = {
        "exp": now + 864_000, "iat": now, "email": "ada@example.com",
        "https://api.openai.com/auth": {"chatgpt_account_id": "acc", "chatgpt_plan_type": "plus"},
    }
    login = {
        "auth_mode": "chatgpt", "OPENAI_API_KEY": None,
        "tokens": {
            "id_token": jwt(claims), "access_token": jwt(claims),
            "refresh_token": "rt", "account_id": "acc",
        },
        "last_refresh": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
    }
    directory.mkdir()
    (directory / "auth.json").write_text(json.dumps(login))
    return {**os.environ, "CODEX_HOME": str(directory)}


def our_login(directory: pathlib.Path) -> tuple[list[str], subprocess.Popen]:
    """Logs in against the simulator and returns the command for `status`."""
    binaries = TARGET / "release"
    simulator = subprocess.Popen(
        [binaries / "openai-simulator", "--json", "--interval", "1", "--auto-approve", "--ca", directory / "ca.pem"],
        stdout=subprocess.PIPE, text=True,
    )
    address = json.loads(simulator.stdout.readline())["https"].removeprefix("https://")
    options = ["--json", "--store", f"sqlite:{directory}/store/test.db", "--cacert", f"{directory}/ca.pem"]
    for host in ("auth.openai.com", "chatgpt.com"):
        options += ["--connect-to", f"{host}:443:{address}"]
    ours = [str(binaries / "chatgpt-oauth"), *options]
    subprocess.run([*ours, "login"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [*ours, "status"], simulator


def whole_process() -> None:
    shutil.which("time") or sys.exit("the memory is measured by GNU time: install it first")
    codex = os.environ.get("CODEX_BIN") or sys.exit('set CODEX_BIN: eval "$(sh scripts/tools.sh)"')
    subprocess.run(
        ["cargo", "build", "--release", "--locked", "--quiet", "--workspace", "--bins"], cwd=ROOT, check=True
    )
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        os.environ["XDG_STATE_HOME"] = str(directory / "state")
        ours, simulator = our_login(directory)
        try:
            theirs = codex_home(directory / "codex")
            figures: dict[str, list[tuple[float, float]]] = {"ours": [], "codex": []}
            for count in range(WARM_UP + RUNS):
                pair = run(ours, dict(os.environ)), run([codex, "login", "status"], theirs)
                if count >= WARM_UP:
                    figures["ours"].append(pair[0])
                    figures["codex"].append(pair[1])
        finally:
            simulator.terminate()
            simulator.wait()
    print(f"whole process, {RUNS} runs in turn, median")
    for title, column, unit in (("wall time", 0, "ms"), ("peak memory", 1, "MiB")):
        ours_median = statistics.median(row[column] for row in figures["ours"])
        codex_median = statistics.median(row[column] for row in figures["codex"])
        print(
            f"  {title:<12} chatgpt-oauth --json status {ours_median:7.2f} {unit}"
            f"   codex login status {codex_median:7.2f} {unit}   ratio {ours_median / codex_median:.2f}"
        )


if __name__ == "__main__":
    in_process()
    whole_process()
