"""Sign in with a ChatGPT subscription: the functions of this skill.

Each function runs one command of the program `chatgpt-oauth` and returns its
answer, a dict with `ok`. None of them raises, prints, or returns a token.
SKILL.md says when to call which, and what the answers hold.

Environment:
  CHATGPT_OAUTH_BIN      the program [default: chatgpt-oauth, found on PATH]
  CHATGPT_OAUTH_ARGS     more options for it, quoted as for a shell
  CHATGPT_OAUTH_PROFILE  whose connection; read by the program itself
  CHATGPT_OAUTH_STORE    where connections are kept; read by the program itself
"""

import json
import os
import shlex
import subprocess
import threading
from typing import Any, Dict, Optional

__all__ = ["status", "start", "poll", "logout", "refresh", "models", "usage"]

Answer = Dict[str, Any]

# Above the 100 seconds after which the program ends a call by itself.
TIMEOUT_SECONDS = 110.0

INSTALL = (
    "Install it (from a checkout of its repository: cargo install --locked --path host), "
    "or let CHATGPT_OAUTH_BIN name it, then try again."
)
LOOK = (
    "Run `chatgpt-oauth --json status` in a terminal to see why. "
    "Before anything is tried again, status() tells where the connection stands."
)


def status() -> Answer:
    """Say where the connection stands: who is signed in, until when, with which models and usage.

    Reads only: asks nobody, changes nothing, refreshes nothing. Call it first.
    """
    return _call("status")


def start() -> Answer:
    """Begin a login, or return the one that already waits.

    Only on the person's explicit wish. Tell them `verification_url` and
    `user_code`, as two separate things, and wait for their word.
    """
    return _call("start")


def poll(pending_id: Optional[str] = None) -> Answer:
    """Ask once whether the person has approved the login, and finish it if so.

    Call it when they say that they are done, and never in a loop. `pending_id`
    is what `start` returned; without it, the login that waits.
    """
    if pending_id is None:
        return _call("poll")
    if not isinstance(pending_id, str) or not pending_id:
        return _invalid("pending_id must be the text that start() returned, or None")
    # After `--` nothing is an option, whatever it begins with.
    return _call("poll", "--", pending_id)


def logout(revoke: bool = False) -> Answer:
    """Sign out here.

    With `revoke`, also tell OpenAI to end the login: this may end the person's
    other Codex sessions too, so ask them first.
    """
    if not isinstance(revoke, bool):
        return _invalid("revoke must be True or False")
    return _call("logout", *(["--revoke"] if revoke else []))


def refresh() -> Answer:
    """Get a new access token now, unless one came within the last minute.

    Model calls refresh by themselves: this is for a login that seems broken.
    """
    return _call("refresh")


def models(force: bool = False) -> Answer:
    """List the models of the subscription.

    From a copy of up to 300 seconds; with `force` from OpenAI, at most every
    10 seconds.
    """
    if not isinstance(force, bool):
        return _invalid("force must be True or False")
    return _call("models", *(["--force"] if force else []))


def usage(force: bool = False) -> Answer:
    """Say how much of the subscription is used, window by window.

    From a copy of up to 60 seconds; with `force` from OpenAI, at most every
    10 seconds.
    """
    if not isinstance(force, bool):
        return _invalid("force must be True or False")
    return _call("usage", *(["--force"] if force else []))


def _call(*command: str) -> Answer:
    """Run one command of the program and return the JSON object that it prints."""
    program = os.environ.get("CHATGPT_OAUTH_BIN") or "chatgpt-oauth"
    try:
        options = shlex.split(os.environ.get("CHATGPT_OAUTH_ARGS", ""))
    except ValueError:
        return _invalid("CHATGPT_OAUTH_ARGS cannot be split: a quote is not closed")
    try:
        process = subprocess.Popen(
            [program, "--json", *options, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # It is for people at a terminal and may quote the options, a password in them.
            stderr=subprocess.DEVNULL,
            # Whoever interrupts the caller must not interrupt a refresh half-way.
            start_new_session=True,
        )
    except OSError as fault:
        return _failure("internal", f"{program} cannot be run: {fault.strerror}", INSTALL)
    except ValueError:
        return _invalid("an argument holds a character that no program can be given")
    try:
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        # Never killed: the answer to a refresh would be lost, and the login with it.
        threading.Thread(target=process.communicate, daemon=True).start()
        return _failure(
            "internal",
            f"chatgpt-oauth {command[0]} has not answered within {TIMEOUT_SECONDS:g} seconds",
            "It was not stopped and may still do its work. Wait a minute, then call status().",
            retryable=True,
        )
    return _read(output, process.returncode)


def _read(output: bytes, exit_code: int) -> Answer:
    """Return the program's answer. A failed call is one too, so the exit code says no more."""
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("ok"), bool):
        return answer
    if exit_code == 2:
        return _failure(
            "invalid-argument",
            "chatgpt-oauth does not understand its options",
            "Check CHATGPT_OAUTH_ARGS, CHATGPT_OAUTH_PROFILE and CHATGPT_OAUTH_STORE. " + LOOK,
        )
    ended = f"by signal {-exit_code}" if exit_code < 0 else f"with exit code {exit_code}"
    return _failure("internal", f"chatgpt-oauth ended {ended} and without an answer", LOOK)


def _invalid(error: str) -> Answer:
    return _failure("invalid-argument", error, "Correct it, then call again.")


def _failure(code: str, error: str, hint: str, retryable: bool = False) -> Answer:
    """Make a failed call's answer, of the same shape as the program's."""
    return {
        "ok": False,
        "error": error,
        "code": code,
        "hint": hint,
        "retryable": retryable,
        "retry_after_seconds": None,
        "relogin_required": False,
        "service_code": None,
        "service_status": None,
    }
