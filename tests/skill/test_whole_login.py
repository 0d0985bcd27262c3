"""The skill as an agent uses it, from the first status to the logout: the real program against the simulator.

    cargo build --workspace
    CHATGPT_OAUTH_BIN=target/debug/chatgpt-oauth OPENAI_SIMULATOR_BIN=target/debug/openai-simulator \\
        python3 -m unittest discover -s tests/skill
"""

import ast
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from answers import SKILL, blocks, misfits

# The one account that the simulator has.
EMAIL = "ada@example.com"
ACCOUNT = "0f1e2d3c-4b5a-4678-9abc-def012345678"
PLAN = "plus"

VERIFICATION_URL = "https://auth.openai.com/codex/device"


def binary(variable, package):
    """The path of a built program, from the environment."""
    path = os.environ.get(variable)
    if not path:
        raise AssertionError(f"{variable} is not set: let it name {package} (cargo build -p {package})")
    path = Path(path).resolve()
    if not os.access(path, os.X_OK):
        raise AssertionError(f"{variable} names no program: {path} (cargo build -p {package})")
    return path


class Simulator:
    """The simulator, and the person's browser."""

    def __init__(self, program, ca):
        command = [program, "--json", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--ca", ca]
        self.process = subprocess.Popen(
            # It ends when its input closes, so it cannot outlive a test that is killed.
            [*command, "--interval", "1", "--exit-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        line = self.process.stdout.readline()
        if not line:
            self.close()
            raise AssertionError("the simulator said nothing and ended")
        served = json.loads(line)
        self.http, self.ca = served["http"], served["ca"]
        self.https_port = urllib.parse.urlsplit(served["https"]).port
        # Requests to this machine must not use a proxy.
        self.browser = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()

    def open(self, path, form=None):
        data = urllib.parse.urlencode(form).encode() if form else None
        with self.browser.open(self.http + path, data, timeout=60) as page:
            return page.read().decode()

    def type_code(self, user_code, decision):
        """Do what the person does: open the page, type the code, press a button."""
        path = urllib.parse.urlsplit(VERIFICATION_URL).path
        assert 'name="user_code"' in self.open(path)
        return self.open(path, {"user_code": user_code, "account": "0", "decision": decision})

    def secrets(self):
        """The secrets that no output may hold, by kind."""
        return [(secret["kind"], secret["value"]) for secret in json.loads(self.open("/_simulator/secrets"))]

    def requests(self):
        """The requests of the program, without those of the person's browser."""
        every = json.loads(self.open("/_simulator/requests"))
        return [request for request in every if request["scheme"] == "https"]


class WholeLogin(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        program = binary("CHATGPT_OAUTH_BIN", "chatgpt-oauth")
        simulator = binary("OPENAI_SIMULATOR_BIN", "openai-simulator")
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        # A store refuses symbolic links.
        self.directory = Path(directory.name).resolve()
        self.simulator = Simulator(simulator, self.directory / "ca.pem")
        self.addCleanup(self.simulator.close)
        self.store = self.directory / "test.db"
        self.environment = self.platform_environment(program)
        self.answers = []

    def platform_environment(self, program):
        there = f"127.0.0.1:{self.simulator.https_port}"
        options = ["--store", f"sqlite:{self.store}", "--cacert", self.simulator.ca]
        for host in ["auth.openai.com", "chatgpt.com"]:
            options += ["--connect-to", f"{host}:443:{there}"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CHATGPT_OAUTH_")}
        return {
            **kept,
            "CHATGPT_OAUTH_BIN": str(program),
            "CHATGPT_OAUTH_ARGS": shlex.join(options),
            "XDG_DATA_HOME": str(self.directory / "data"),
            "XDG_STATE_HOME": str(self.directory / "state"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run_block(self, block):
        """Run a block of SKILL.md as a platform does: in a fresh interpreter in the skill's folder."""
        ran = subprocess.run(
            [sys.executable, "-c", block], cwd=SKILL, env=self.environment, capture_output=True, text=True, timeout=120
        )
        self.assertEqual((ran.returncode, ran.stderr), (0, ""), block)
        answer = ast.literal_eval(ran.stdout)
        self.answers.append(answer)
        return answer

    def call(self, function, arguments="", *, ok=True):
        """Call a function of the skill and check the fields of its answer."""
        block = blocks().get(function)
        if block is None:
            # SKILL.md has no block for this function; the block of `status` is the pattern.
            block = blocks()["status"].replace("status", function)
        if arguments:
            head, _, _ = block.rpartition("print(")
            block = f"{head}print({function}({arguments}))\n"
        answer = self.run_block(block)
        self.assertEqual(misfits(function, answer), [])
        self.assertIs(answer["ok"], ok, answer)
        return answer

    def poll(self, pending_id):
        """Run the block of SKILL.md with this pending id."""
        answer = self.run_block(blocks()["poll"].replace('"PENDING_ID"', repr(pending_id)))
        self.assertEqual(misfits("poll", answer), [])
        return answer

    def poll_after_approval(self, pending_id):
        """Poll until the answer is not pending, with the pauses that the answers name."""
        for _ in range(5):
            answer = self.poll(pending_id)
            if not answer["ok"] or answer["status"] != "pending":
                return answer
            time.sleep(max(answer["retry_after_seconds"], 0.2))
        self.fail(f"still pending: {answer}")

    def assert_null_but(self, answer, *known):
        """Check that every other field is present and unknown."""
        given = {name for name, value in answer.items() if value is not None}
        self.assertEqual(given, {"ok", *known})

    def assert_no_answer_holds_a_secret(self):
        secrets = self.simulator.secrets()
        self.assertLessEqual({"device_auth_id", "authorization_code", "code_verifier"}, {kind for kind, _ in secrets})
        answers = "\n".join(repr(answer) + json.dumps(answer) for answer in self.answers)
        for kind, value in secrets:
            # Not even a part of a secret may be there.
            for piece in [value, *(part[-24:] for part in value.split("."))]:
                self.assertNotIn(piece, answers, f"an answer holds a piece of a secret: {kind}")
        self.assertNotIn("eyJ", answers, "an answer holds what looks like a token")

    def test_a_person_signs_in_asks_for_everything_and_signs_out(self):
        # Not signed in; status writes nothing.
        answer = self.call("status")
        self.assertEqual((answer["state"], answer["connected"]), ("not_connected", False))
        self.assert_null_but(answer, "state", "connected", "hint")
        self.assertFalse(self.store.exists(), "status made a store")
        self.assertEqual(self.simulator.requests(), [])

        # The person asks for a login.
        prompt = self.call("start")
        self.assert_null_but(prompt, *prompt.keys() - {"replaced_user_code"})
        self.assertEqual(prompt["status"], "pending")
        self.assertEqual(prompt["verification_url"], VERIFICATION_URL)
        self.assertNotEqual(prompt["pending_id"], prompt["user_code"])
        self.assertEqual(prompt["interval_seconds"], 1)
        self.assertGreater(prompt["expires_in_seconds"], 120)
        for text in [prompt["verification_url"], prompt["user_code"], "started this login yourself"]:
            self.assertIn(text, prompt["instructions"])
        pending = {name: prompt[name] for name in ["pending_id", "user_code", "verification_url"]}

        # A second start returns the same code.
        again = self.call("start")
        self.assertLessEqual(pending.items(), again.items())

        # The person has not approved the login yet.
        answer = self.poll(prompt["pending_id"])
        self.assertEqual(answer["status"], "pending")
        self.assert_null_but(answer, "status", "pending", "retry_after_seconds", "next_step")
        self.assertLessEqual(pending.items(), answer["pending"].items())
        answer = self.call("status")
        self.assertEqual((answer["state"], answer["connected"]), ("pending", False))
        self.assertLessEqual(pending.items(), answer["pending"].items())

        # An id of another login is refused.
        answer = self.poll("--store=sqlite:elsewhere.db")
        self.assertEqual((answer["ok"], answer["code"]), (False, "login-superseded"))

        # The person approves the login.
        self.assertIn("Signed in to Codex", self.simulator.type_code(prompt["user_code"], "approve"))
        answer = self.poll_after_approval(prompt["pending_id"])
        self.assertEqual(answer["status"], "connected")
        self.assert_null_but(answer, *answer.keys() - {"pending", "retry_after_seconds"})
        self.assertEqual((answer["email"], answer["account_id"], answer["plan"]), (EMAIL, ACCOUNT, PLAN))
        self.assertIn("efresh the browser page", answer["next_step"])
        self.assertGreater(answer["models_count"], 0)
        self.assertEqual(answer["models_count"], len(answer["available_models"]))
        self.assertEqual(answer["default_model_id"], answer["available_models"][0])
        for model in answer["available_models"]:
            self.assertTrue(model.startswith("openai-codex/"), model)
        connected = answer

        # Another poll returns the same and sends nothing.
        before = len(self.simulator.requests())
        self.assertEqual(self.poll(prompt["pending_id"])["status"], "connected")
        self.assertEqual(len(self.simulator.requests()), before)

        answer = self.call("models")
        self.assertEqual(answer["source"], "cache")
        self.assertEqual(answer["available_models"], connected["available_models"])
        self.assertEqual([model["id"] for model in answer["models"]], answer["available_models"])
        self.assertEqual(answer["count"], connected["models_count"])
        answer = self.call("usage")
        self.assertEqual((answer["source"], answer["plan"]), ("cache", PLAN))
        self.assertEqual([window["name"] for window in answer["windows"]], ["5 hours", "weekly"])
        self.assertIs(answer["limit_reached"], False)
        for function in ["models", "usage"]:
            self.call(function, "force=True")

        answer = self.call("refresh")
        self.assertEqual(answer["status"], "refreshed")
        self.assertGreater(answer["expires_in_seconds"], 0)

        answer = self.call("status")
        self.assertEqual((answer["state"], answer["connected"], answer["method"]), ("connected", True, "device"))
        self.assertEqual((answer["email"], answer["account_id"], answer["plan"]), (EMAIL, ACCOUNT, PLAN))
        self.assert_null_but(answer, *answer.keys() - {"pending", "hint"})

        # Without revocation nothing is sent.
        before = len(self.simulator.requests())
        answer = self.call("logout")
        self.assertEqual((answer["status"], answer["removed"], answer["revoked"]), ("disconnected", True, False))
        self.assertEqual(len(self.simulator.requests()), before)
        answer = self.call("status")
        self.assertEqual((answer["state"], answer["connected"]), ("not_connected", False))
        self.assert_null_but(answer, "state", "connected", "hint")
        answer = self.call("models", ok=False)
        self.assertEqual((answer["code"], answer["relogin_required"]), ("not-connected", True))
        answer = self.call("logout")
        self.assertEqual((answer["status"], answer["removed"], answer["revoked"]), ("not_connected", False, False))

        kinds = {kind for kind, _ in self.simulator.secrets()}
        self.assertLessEqual({"access_token", "refresh_token", "id_token"}, kinds)
        self.assert_no_answer_holds_a_secret()

    def test_a_person_declines_and_then_signs_in_and_out_everywhere(self):
        prompt = self.call("start")
        self.assertIn("denied", self.simulator.type_code(prompt["user_code"], "deny"))
        answer = self.poll_after_approval(prompt["pending_id"])
        self.assertEqual((answer["ok"], answer["code"]), (False, "login-denied"))
        self.assertEqual(self.call("status")["state"], "not_connected")

        prompt = self.call("start")
        self.simulator.type_code(prompt["user_code"], "approve")
        self.assertEqual(self.poll_after_approval(prompt["pending_id"])["status"], "connected")
        answer = self.call("logout", "revoke=True")
        self.assertEqual((answer["status"], answer["removed"], answer["revoked"]), ("disconnected", True, True))
        self.assertEqual(self.call("status")["state"], "not_connected")
        self.assert_no_answer_holds_a_secret()

    def test_unknown_options_are_reported(self):
        self.environment["CHATGPT_OAUTH_ARGS"] += " --no-such-option=CANARY"
        answer = self.call("status", ok=False)
        self.assertEqual(answer["code"], "invalid-argument")
        self.assertNotIn("CANARY", repr(answer))


if __name__ == "__main__":
    unittest.main()
