"""Compares `serve` with nginx and LiteLLM's proxy, on this machine and in the same run.

    python3 scripts/gateway.py [--rounds 5] [--seconds 10] [--without-litellm]

The backend is the simulator, which answers each model call with the same 1.5 KB in six
events, over TLS. wrk asks each proxy in turn, by plain HTTP on loopback, and the medians of
all rounds, their lowest and highest, and the ratio to nginx are printed as a table.
nginx passes the request on, and LiteLLM also checks a key; `serve` checks a key, judges each
field and reads the events. LiteLLM has one worker. Needs nginx, wrk, and for LiteLLM pip and venv of
Python; LiteLLM is installed into the user's cache directory.
CHATGPT_OAUTH_BIN and OPENAI_SIMULATOR_BIN name other programs than those of a release build.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
# The newest version whose proxy can be installed from PyPI.
LITELLM = "1.106.12"
LITELLM_KEY = "sk-" + "5a" * 16
STREAMED = {"input": "Say hi.", "stream": True}
COLLECTED = {"input": "Say hi.", "stream": False}
CONNECTIONS = 64
WARM_UP = 5

NGINX = """
worker_processes auto;
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
worker_rlimit_nofile 4096;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/nginx-body;
    proxy_temp_path {directory}/nginx-proxy;
    fastcgi_temp_path {directory}/nginx-fastcgi;
    uwsgi_temp_path {directory}/nginx-uwsgi;
    scgi_temp_path {directory}/nginx-scgi;
    upstream backend {{ server {backend}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        keepalive_requests 1000000000;
        location / {{
            proxy_pass https://backend/backend-api/codex/;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host chatgpt.com;
            proxy_ssl_session_reuse on;
            proxy_ssl_protocols TLSv1.3;
            proxy_buffering off;
        }}
    }}
}}
"""

LITELLM_CONFIG = {
    "model_list": [{
        "model_name": "gpt-6-astra",
        "litellm_params": {"model": "openai/gpt-6-astra", "api_key": "sk-none"},
    }],
    "litellm_settings": {"num_retries": 0, "telemetry": False},
    # Without one it does not start.
    "general_settings": {"master_key": LITELLM_KEY},
}

WRK = """
wrk.method = "POST"
wrk.path = "{path}"
wrk.body = '{body}'
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer {key}"
"""


def answer_of(url: str, key: str, body: str | None = None) -> bytes:
    """The answer to one request: GET, or POST with a body. The server is of this machine, and nobody trusts its
    certificate.
    """
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    request = urllib.request.Request(url, body and body.encode(), headers)
    with urllib.request.urlopen(request, timeout=10, context=ssl._create_unverified_context()) as answer:
        return answer.read()


class Proxy:
    """A server, and how it is asked."""

    def __init__(self, name: str, process: subprocess.Popen, url: str, path: str, key: str, call: dict):
        self.name, self.process, self.url, self.path, self.key = name, process, url, path, key
        self.body = json.dumps({"model": "gpt-6-astra", **call})
        self.rates: list[float] = []

    def wait_until_ready(self, whole: bytes = b"completed") -> None:
        """Asks until the answer is whole, so that no round measures errors."""
        end = time.monotonic() + 120
        while True:
            try:
                if whole in answer_of(self.url + self.path, self.key, self.body):
                    return
                why = "the answer is not complete"
            except OSError as error:
                why = error
            if time.monotonic() > end or self.process.poll() is not None:
                sys.exit(f"{self.name}: {why}")
            time.sleep(0.3)

    def ask(self, directory: pathlib.Path, seconds: int) -> float:
        """Requests a second."""
        script = directory / "wrk.lua"
        script.write_text(WRK.format(path=self.path, body=self.body, key=self.key))
        output = subprocess.run(
            ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s",
             "--timeout", "20s", "--script", script, self.url],
            check=True, capture_output=True, text=True,
        ).stdout
        wrong = re.search(r"Non-2xx|Socket errors: connect [1-9]", output)
        rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
        if wrong or not rate:
            sys.exit(f"{self.name}: {output}")
        return float(rate[1])

    def resident(self) -> float:
        """Resident memory of the process and its children, in MiB."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        total = 0
        for pid in [str(self.process.pid), *children]:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            total += int(re.search(r"VmRSS:\s+(\d+)", status)[1])
        return total / 1024


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(processes: list[subprocess.Popen], command: list, **options) -> subprocess.Popen:
    process = subprocess.Popen(list(map(str, command)), **options)
    processes.append(process)
    return process


def binary(variable: str, name: str) -> str:
    """The program of the variable, or of a release build."""
    if named := os.environ.get(variable):
        return named
    build = ["cargo", "build", "--release", "--locked", "--quiet", "--package", name, "--bins"]
    subprocess.run(build, cwd=ROOT, check=True)
    return str(TARGET / "release" / name)


def program() -> str:
    return binary("CHATGPT_OAUTH_BIN", "chatgpt-oauth")


def backend(directory: pathlib.Path, processes: list[subprocess.Popen], *options: str) -> str:
    process = start(
        processes,
        [binary("OPENAI_SIMULATOR_BIN", "openai-simulator"), "--json", "--interval", "1", "--auto-approve",
         "--ca", directory / "ca.pem", *options],
        stdout=subprocess.PIPE, text=True,
    )
    return json.loads(process.stdout.readline())["https"].removeprefix("https://")


def serve(
    directory: pathlib.Path, processes: list[subprocess.Popen], address: str, *more: str
) -> tuple[subprocess.Popen, str, str]:
    """A server with a login, its URL and a key."""
    ours = program()
    options = ["--json", "--store", f"sqlite:{directory}/store/test.db", "--cacert", f"{directory}/ca.pem"]
    for host in ("auth.openai.com", "chatgpt.com"):
        options += ["--connect-to", f"{host}:443:{address}"]
    environment = {**os.environ, "XDG_STATE_HOME": f"{directory}/state", "SSL_CERT_FILE": "/dev/null"}
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([ours, *options, "login"], check=True, **quiet)
    create = ["keys", "create", "--scope", "inference", "--scope", "read", "--output", f"{directory}/api-key"]
    subprocess.run([ours, *options, *create], check=True, **quiet)
    port = free_port()
    process = start(
        processes,
        [ours, *options, "serve", "--listen", f"127.0.0.1:{port}", "--admin-listen", f"127.0.0.1:{free_port()}",
         "--key-rate", "1000000", "--key-streams", "10000", *more],
        **quiet,
    )
    scheme = "https" if "--tls-cert" in more else "http"
    return process, f"{scheme}://127.0.0.1:{port}", (directory / "api-key").read_text().strip()


def nginx(directory: pathlib.Path, processes: list[subprocess.Popen], address: str) -> tuple[subprocess.Popen, str]:
    port = free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(NGINX.format(directory=directory, backend=address, port=port))
    # Its workers are another user's if root starts it.
    directory.chmod(0o755)
    return start(processes, ["nginx", "-c", configuration, "-e", directory / "nginx.log"]), f"http://127.0.0.1:{port}"


def litellm(directory: pathlib.Path, processes: list[subprocess.Popen], address: str) -> tuple[subprocess.Popen, str]:
    port = free_port()
    LITELLM_CONFIG["model_list"][0]["litellm_params"]["api_base"] = f"https://{address}/backend-api/codex"
    configuration = directory / "litellm.json"
    configuration.write_text(json.dumps(LITELLM_CONFIG))
    command = [installed_litellm(), "--config", configuration, "--host", "127.0.0.1", "--port", port, "--num_workers", 1]
    environment = {
        **os.environ, "SSL_CERT_FILE": f"{directory}/ca.pem", "LITELLM_LOG": "ERROR",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1",
    }
    log = (directory / "litellm.log").open("w")
    return start(processes, command, env=environment, stdout=log, stderr=log), f"http://127.0.0.1:{port}"


def installed_litellm() -> pathlib.Path:
    environment = CACHE / f"chatgpt-oauth/tools/litellm-{LITELLM}"
    if not (environment / "installed").exists():
        print(f"installing LiteLLM {LITELLM}", file=sys.stderr)
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        pip = [environment / "bin/pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, f"litellm[proxy]=={LITELLM}"], check=True)
        (environment / "installed").touch()
    return environment / "bin/litellm"


def busy() -> float:
    """How many cores others use, for a second."""
    def jiffies() -> list[int]:
        line = pathlib.Path("/proc/stat").read_text().splitlines()[0]
        return [int(word) for word in line.split()[1:]]

    before = jiffies()
    time.sleep(1)
    spent = [after - earlier for after, earlier in zip(jiffies(), before)]
    idle = spent[3] + spent[4]
    return (1 - idle / sum(spent)) * os.cpu_count()


def versions(with_litellm: bool) -> str:
    def said(command: list[str]) -> str:
        output = subprocess.run(command, capture_output=True, text=True)
        return (output.stdout + output.stderr).splitlines()[0].strip()

    named = [said([program(), "--version"]), said(["nginx", "-v"]), said(["wrk", "-v"]), said(["rustc", "--version"])]
    return "; ".join(named + [f"LiteLLM {LITELLM}"] * with_litellm)


def stop(processes: list[subprocess.Popen]) -> None:
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        # A server drains for 5 s before it ends.
        process.wait(timeout=30)


def measure(proxies: list[Proxy], directory: pathlib.Path, rounds: int, seconds: int) -> None:
    for proxy in proxies:
        proxy.wait_until_ready()
        proxy.ask(directory, min(WARM_UP, seconds))
    for count in range(rounds):
        for proxy in proxies:
            others = busy()
            rate = proxy.ask(directory, seconds)
            proxy.rates.append(rate)
            print(f"round {count + 1}: {proxy.name:28} {rate:9.0f}/s, others used {others:.2f} cores before")


def table(proxies: list[Proxy]) -> None:
    reference = statistics.median(proxies[0].rates)
    print("\n| | requests a second | ratio to nginx | resident memory |\n|---|---|---|---|")
    for proxy in proxies:
        median = statistics.median(proxy.rates)
        spread = f"{median:.0f} ({min(proxy.rates):.0f} to {max(proxy.rates):.0f})"
        print(f"| {proxy.name} | {spread} | {median / reference:.3f} | {proxy.resident():.1f} MiB |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--without-litellm", action="store_true")
    arguments = parser.parse_args()
    for needed in ("nginx", "wrk"):
        shutil.which(needed) or sys.exit(f"the comparison needs {needed}: install it first")
    processes: list[subprocess.Popen] = []
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        try:
            address = backend(directory, processes, "--from-memory")
            process, url = nginx(directory, processes, address)
            proxies = [Proxy("nginx, relayed", process, url, "/responses", "none", STREAMED)]
            process, url, key = serve(directory, processes, address)
            for kind, call in (("relayed", STREAMED), ("collected", COLLECTED)):
                proxies.append(Proxy(f"serve, {kind}", process, url, "/v1/responses", key, call))
            if not arguments.without_litellm:
                process, url = litellm(directory, processes, address)
                for kind, call in (("relayed", STREAMED), ("whole", COLLECTED)):
                    proxies.append(Proxy(f"LiteLLM, {kind}", process, url, "/v1/responses", LITELLM_KEY, call))
            print(f"{os.cpu_count()} cores; {versions(not arguments.without_litellm)}")
            measure(proxies, directory, arguments.rounds, arguments.seconds)
            table(proxies)
        finally:
            stop(processes)


if __name__ == "__main__":
    main()
