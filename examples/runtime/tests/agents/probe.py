"""The agent of examples/agent-python, which for the task `probe` looks for what its runtime
should not give it."""

import os
import socket

import app


class WitWorld(app.WitWorld):
    def run(self, task):
        if task != "probe":
            return super().run(task)
        return "\n".join(f"{name}: {tried(probe)}" for name, probe in PROBES.items())


def tried(probe):
    try:
        return f"got {probe()}"
    except Exception as error:
        return f"failed with {type(error).__name__}"


PROBES = {
    "variables": lambda: sorted(os.environ),
    "directory": lambda: os.listdir("/"),
    "file": lambda: open("logins/agents.db", "rb").read(16),
    "socket": lambda: socket.create_connection(("127.0.0.1", 443), timeout=1),
    "name": lambda: socket.getaddrinfo("example.com", 443),
    "random": lambda: len(os.urandom(16)),
}
