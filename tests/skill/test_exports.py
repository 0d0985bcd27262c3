"""exports.py with a fake `chatgpt-oauth` that the tests write."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from answers import SKILL, misfits

sys.path.insert(0, str(SKILL))
import exports  # noqa: E402

# Records its call, does what FAKE_… say, and writes to standard error.
FAKE = """
import json, os, sys, time
names = ["CHATGPT_OAUTH_PROFILE", "CHATGPT_OAUTH_STORE", "FAKE_OTHER"]
call = {
    "arguments": sys.argv[1:],
    "environment": {name: os.environ.get(name) for name in names},
    "input": sys.stdin.read(),
}
with open(os.environ["FAKE_CALL"], "w") as file:
    json.dump(call, file)
sys.stderr.write("CANARY-OF-STDERR\\n")
patience = time.monotonic() + 60
while not os.path.exists(os.environ.get("FAKE_GATE", "/")) and time.monotonic() < patience:
    time.sleep(0.02)
if "FAKE_DONE" in os.environ:
    open(os.environ["FAKE_DONE"], "w").close()
sys.stdout.write(os.environ.get("FAKE_OUTPUT", '{"ok": true}'))
sys.stdout.flush()
if "FAKE_SIGNAL" in os.environ:
    os.kill(os.getpid(), int(os.environ["FAKE_SIGNAL"]))
sys.exit(int(os.environ.get("FAKE_EXIT", "0")))
"""


class Case(unittest.TestCase):
    def setUp(self):
        # A program that nobody waits for may still write there.
        directory = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.call_file = self.directory / "call.json"
        self.program = self.write_program("chatgpt-oauth")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("CHATGPT_OAUTH_", "FAKE_"))}
        environment = mock.patch.dict(os.environ, clean, clear=True)
        environment.start()
        self.addCleanup(environment.stop)
        self.set(CHATGPT_OAUTH_BIN=self.program, FAKE_CALL=self.call_file)

    def write_program(self, name, python=FAKE):
        code = self.directory / f"{name}.py"
        code.write_text(python, encoding="utf-8")
        program = self.directory / name
        python, code = shlex.quote(sys.executable), shlex.quote(str(code))
        program.write_text(f"#!/bin/sh\nexec {python} -I {code} \"$@\"\n", encoding="utf-8")
        program.chmod(0o700)
        return program

    def set(self, **variables):
        os.environ.update({name: str(value) for name, value in variables.items()})

    def call(self):
        """The recorded call of the program."""
        return json.loads(self.call_file.read_text(encoding="utf-8"))

    def wait_for(self, file):
        deadline = time.monotonic() + 60
        while not file.exists():
            self.assertLess(time.monotonic(), deadline, f"{file.name} was never written")
            time.sleep(0.02)

    def assert_not_called(self):
        self.assertFalse(self.call_file.exists(), "the program was called")

    def assert_failed(self, answer, code, *, retryable=False):
        """Check for the shape of the program's own failures, with a hint."""
        self.assertEqual(misfits("status", answer), [])
        self.assertIs(answer["ok"], False)
        self.assertEqual(answer["code"], code)
        self.assertIs(answer["retryable"], retryable)
        self.assertIsNone(answer["retry_after_seconds"])
        self.assertIs(answer["relogin_required"], False)
        for text in [answer["error"], answer["hint"]]:
            self.assertIsInstance(text, str)
            self.assertTrue(text)
            self.assertNotIn("CANARY", text)


class Arguments(Case):
    def test_each_function_runs_its_command(self):
        calls = [
            (exports.status, {}, ["status"]),
            (exports.start, {}, ["start"]),
            (exports.poll, {}, ["poll"]),
            (exports.poll, {"pending_id": None}, ["poll"]),
            (exports.poll, {"pending_id": "p-1"}, ["poll", "--", "p-1"]),
            (exports.logout, {}, ["logout"]),
            (exports.logout, {"revoke": False}, ["logout"]),
            (exports.logout, {"revoke": True}, ["logout", "--revoke"]),
            (exports.refresh, {}, ["refresh"]),
            (exports.models, {}, ["models"]),
            (exports.models, {"force": True}, ["models", "--force"]),
            (exports.usage, {}, ["usage"]),
            (exports.usage, {"force": True}, ["usage", "--force"]),
        ]
        for function, arguments, command in calls:
            with self.subTest(command):
                self.assertEqual(function(**arguments), {"ok": True})
                self.assertEqual(self.call()["arguments"], ["--json", *command])

    def test_arguments_can_be_positional(self):
        for function, argument, last in [
            (exports.poll, "p-1", "p-1"),
            (exports.logout, True, "--revoke"),
            (exports.models, True, "--force"),
            (exports.usage, True, "--force"),
        ]:
            function(argument)
            self.assertEqual(self.call()["arguments"][-1], last)

    def test_a_pending_id_never_becomes_an_option_or_a_command(self):
        for pending_id in ["-h", "--store=sqlite:/tmp/x", "--", "; rm -rf /", "$(id)", "a b", "ABCD-12345", "ü"]:
            with self.subTest(pending_id):
                exports.poll(pending_id)
                self.assertEqual(self.call()["arguments"], ["--json", "poll", "--", pending_id])

    def test_a_wrong_pending_id_is_refused_without_a_call(self):
        for pending_id in ["", 7, 0, True, False, b"p-1", ["p-1"], {}, object()]:
            with self.subTest(repr(pending_id)):
                self.assert_failed(exports.poll(pending_id), "invalid-argument")
        for pending_id in ["p\0-1", "\ud800"]:
            with self.subTest(repr(pending_id)):
                self.assert_failed(exports.poll(pending_id), "invalid-argument")
        self.assert_not_called()

    def test_a_flag_that_is_not_a_bool_is_refused_without_a_call(self):
        for function in [exports.logout, exports.models, exports.usage]:
            for flag in [None, 0, 1, "true", "false", "", [], object()]:
                with self.subTest(f"{function.__name__}({flag!r})"):
                    self.assert_failed(function(flag), "invalid-argument")
        self.assert_not_called()

    def test_the_operators_options_come_before_the_command(self):
        self.set(CHATGPT_OAUTH_ARGS="--store 'sqlite:/a b/test.db' --connect-to auth.openai.com:443:127.0.0.1:1")
        exports.poll("-v")
        options = ["--store", "sqlite:/a b/test.db", "--connect-to", "auth.openai.com:443:127.0.0.1:1"]
        self.assertEqual(self.call()["arguments"], ["--json", *options, "poll", "--", "-v"])

    def test_options_that_cannot_be_split_are_refused_without_a_call(self):
        self.set(CHATGPT_OAUTH_ARGS="--store 'CANARY")
        self.assert_failed(exports.status(), "invalid-argument")
        self.assert_not_called()


class TheEnvironment(Case):
    def test_it_gets_the_environment_and_no_input(self):
        self.set(CHATGPT_OAUTH_PROFILE="alice", CHATGPT_OAUTH_STORE="sqlite:/a.db", FAKE_OTHER="x")
        exports.status()
        passed = {"CHATGPT_OAUTH_PROFILE": "alice", "CHATGPT_OAUTH_STORE": "sqlite:/a.db", "FAKE_OTHER": "x"}
        self.assertEqual(self.call()["environment"], passed)
        self.assertEqual(self.call()["input"], "")

    def test_without_a_name_it_is_found_on_path(self):
        for unset in [True, False]:
            with self.subTest("unset" if unset else "empty"):
                os.environ.pop("CHATGPT_OAUTH_BIN") if unset else self.set(CHATGPT_OAUTH_BIN="")
                with mock.patch.dict(os.environ, {"PATH": f"{self.directory}:/usr/bin:/bin"}):
                    self.assertEqual(exports.status(), {"ok": True})

    def test_nothing_is_printed(self):
        self.set(FAKE_OUTPUT='{"ok": false, "error": "CANARY"}', FAKE_EXIT="3")
        every_call = (
            "import exports as e\n"
            "e.status(); e.start(); e.poll(); e.poll('x'); e.poll(7); e.logout(); e.logout('x')\n"
            "e.refresh(); e.models(True); e.usage()\n"
            "e.TIMEOUT_SECONDS = 0.0; e.status()\n"
            "import os; os.environ['CHATGPT_OAUTH_BIN'] = '/nowhere'; e.status()\n"
        )
        # With warnings on, an unclosed pipe or an unwaited process is printed.
        done = subprocess.run(
            [sys.executable, "-B", "-X", "dev", "-c", every_call], cwd=SKILL, capture_output=True, check=True, timeout=60
        )
        self.assertEqual((done.stdout, done.stderr), (b"", b""))


class TheAnswer(Case):
    def test_it_is_returned_with_any_exit_code(self):
        failed = {
            "ok": False, "error": "the login has ended", "code": "needs-login", "hint": "Sign in again.",
            "retryable": False, "retry_after_seconds": None, "relogin_required": True,
        }
        for exit_code in [0, 1, 2, 3, 4, 5, 6, 130]:
            for answer in [failed, {"ok": True, "email": "ü@example.com", "nested": [{"x": None}]}]:
                with self.subTest(exit_code=exit_code, ok=answer["ok"]):
                    self.set(FAKE_OUTPUT=json.dumps(answer) + "\n", FAKE_EXIT=exit_code)
                    self.assertEqual(exports.refresh(), answer)

    def test_output_that_is_not_an_answer_is_reported_and_not_quoted(self):
        garbage = ["", "\n", "CANARY", '{"ok": true', '{"ok": true} CANARY', "[" * 100_000]
        other_json = ["null", "7", '"CANARY"', "[]", '[{"ok": true}]', "{}", '{"ok": 1}', '{"token": "CANARY"}']
        for output in garbage + other_json:
            for exit_code, code in [(0, "internal"), (1, "internal"), (101, "internal"), (2, "invalid-argument")]:
                with self.subTest(output=output[:20], exit_code=exit_code):
                    self.set(FAKE_OUTPUT=output, FAKE_EXIT=exit_code)
                    answer = exports.status()
                    self.assert_failed(answer, code)
                    self.assertIn("status()", answer["hint"])

    def test_bytes_that_are_not_utf8_are_not_an_answer(self):
        program = self.write_program("binary", "import sys; sys.stdout.buffer.write(b'{\"ok\": \\xff}')")
        self.set(CHATGPT_OAUTH_BIN=program)
        self.assert_failed(exports.status(), "internal")

    def test_a_program_that_was_killed_is_reported(self):
        self.set(FAKE_OUTPUT="", FAKE_SIGNAL="9")
        answer = exports.poll()
        self.assert_failed(answer, "internal")
        self.assertIn("signal 9", answer["error"])

    def test_a_missing_program_is_reported_with_how_to_install_it(self):
        plain_file = self.directory / "plain"
        plain_file.write_text("x")
        for program in ["chatgpt-oauth-missing", "/nowhere/chatgpt-oauth", self.directory, plain_file]:
            with self.subTest(str(program)):
                self.set(CHATGPT_OAUTH_BIN=program)
                answer = exports.status()
                self.assert_failed(answer, "internal")
                self.assertIn(str(program), answer["error"])
                self.assertIn("cargo install --locked --path host", answer["hint"])
                self.assertIn("CHATGPT_OAUTH_BIN", answer["hint"])

    def test_no_program_on_path_is_reported(self):
        os.environ.pop("CHATGPT_OAUTH_BIN")
        with tempfile.TemporaryDirectory() as empty, mock.patch.dict(os.environ, {"PATH": empty}):
            self.assert_failed(exports.status(), "internal")

    def test_a_program_that_takes_too_long_is_not_interrupted(self):
        gate, done = self.directory / "gate", self.directory / "done"
        # The output is larger than a pipe holds, so the program ends only if its output is read.
        output = json.dumps({"ok": True, "x": "x" * 100_000})
        self.set(FAKE_GATE=gate, FAKE_OUTPUT=output, FAKE_DONE=done)
        with mock.patch.object(exports, "TIMEOUT_SECONDS", 0.2):
            answer = exports.refresh()
        self.assert_failed(answer, "internal", retryable=True)
        self.assertIn("refresh", answer["error"])
        self.assertIn("not stopped", answer["hint"])
        self.assertIn("status()", answer["hint"])
        self.assertFalse(done.exists())
        gate.touch()
        for thread in set(threading.enumerate()) - {threading.current_thread()}:
            thread.join(60)
            self.assertFalse(thread.is_alive(), "the program was left waiting")
        self.assertTrue(done.exists(), "the program was stopped half-way")

    def test_a_signal_to_the_caller_does_not_interrupt_the_program(self):
        gate, done = self.directory / "gate", self.directory / "done"
        self.set(FAKE_GATE=gate, FAKE_DONE=done)
        caller = subprocess.Popen(
            [sys.executable, "-B", "-c", "import exports; exports.refresh()"],
            cwd=SKILL, start_new_session=True, stderr=subprocess.DEVNULL,
        )
        self.wait_for(self.call_file)
        self.assertFalse(done.exists())
        os.killpg(caller.pid, signal.SIGTERM)
        caller.wait(60)
        gate.touch()
        self.wait_for(done)

    def test_it_waits_longer_than_the_program_does(self):
        self.assertEqual(exports.TIMEOUT_SECONDS, 110)


if __name__ == "__main__":
    unittest.main()
