"""Does what `serve` does most, for the profile that `deploy/profile.sh` records.

    CHATGPT_OAUTH_BIN=PROGRAM python3 scripts/train.py [--seconds 5]

Each kind of model call runs for some seconds: with an answer from memory, which comes at once,
with one that the simulator makes for the request, and from memory again by TLS. Needs wrk and
openssl.
"""

import argparse
import pathlib
import subprocess
import tempfile

import gateway
from gateway import COLLECTED, STREAMED, Proxy

MESSAGES = {"messages": [{"role": "user", "content": "Say hi."}]}
# Each with what its whole answer has.
CALLS = [
    ("relayed", "/v1/responses", STREAMED, b"completed"),
    ("collected", "/v1/responses", COLLECTED, b"completed"),
    ("chat, streamed", "/v1/chat/completions", {**MESSAGES, "stream": True}, b"[DONE]"),
    ("chat, collected", "/v1/chat/completions", {**MESSAGES, "stream": False}, b"finish_reason"),
]
READS = ["/v1/models", "/api/v1/me/status", "/api/v1/me/usage"]
READS_OF_EACH = 100
# Each request that the simulator records takes memory.
FROM_MEMORY, MADE = ["--from-memory"], ["--keep-requests", "1000"]


def certificate(directory: pathlib.Path) -> list[str]:
    """A certificate that nobody trusts, as options of `serve`."""
    certificate, key = directory / "tls.pem", directory / "tls.key"
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
               "-subj", "/CN=localhost", "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return ["--tls-cert", str(certificate), "--tls-key", str(key)]


def train(directory: pathlib.Path, seconds: int, backend: list[str], tls: bool) -> None:
    processes: list[subprocess.Popen] = []
    try:
        address = gateway.backend(directory, processes, *backend)
        options = certificate(directory) if tls else []
        process, url, key = gateway.serve(directory, processes, address, *options)
        for name, path, call, whole in CALLS:
            proxy = Proxy(name, process, url, path, key, call)
            proxy.wait_until_ready(whole)
            print(f"{url}, {name}: {proxy.ask(directory, seconds):.0f} a second", flush=True)
        for path in READS * READS_OF_EACH:
            gateway.answer_of(url + path, key)
    finally:
        gateway.stop(processes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    arguments = parser.parse_args()
    for backend, tls in [(FROM_MEMORY, False), (MADE, False), (FROM_MEMORY, True)]:
        with tempfile.TemporaryDirectory() as name:
            train(pathlib.Path(name), arguments.seconds, backend, tls)


if __name__ == "__main__":
    main()
