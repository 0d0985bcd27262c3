"""Sign in with a ChatGPT subscription: the functions of this skill.

Each function runs one command of the program `chatgpt-oauth` and returns its
answer, a dict with `ok`. No function raises, prints, or returns a token.
SKILL.md says when to call which function and which fields it returns.

Environment:
  CHATGPT_OAUTH_BIN      the program [default: chatgpt-oauth, found on PATH]
  CHATGPT_OAUTH_ARGS     more options for the program, quoted as for a shell
  CHATGPT_OAUTH_PROFILE  the profile; read by the program itself
  CHATGPT_OAUTH_STORE    the store; read by the program itself
"""

import json
import os
import shlex
import subprocess
import threading
from typing import Any, Dict, Optional

__all__ = ["status", "start", "poll", "logout", "refresh", "models", "usage"]

Answer = Dict[str, Any]

# More than the 100 seconds after which the program itself ends a call.
TIMEOUT_SECONDS = 110.0

INSTALL = (
    "Install it (from a checkout of its repository: cargo install --locked --path host), "
    "or set CHATGPT_OAUTH_BIN to its path, then try again."
)
LOOK = (
    "Run `chatgpt-oauth --json status` in a terminal to see why. "
    "Call status() before you try anything else."
)


def status() -> Answer:
    """Return the state of the connection: account, plan, models, usage, next step.

    Only reads: it sends no request, writes nothing and refreshes nothing. Call
    it first.
    """
    return _call("status")


def start() -> Answer:
    """Begin a login, or return the login that already waits.

    Call it only when the person explicitly asks to sign in. Show them
    `verification_url` and `user_code` separately, then wait until they say that
    they are done.
    """
    return _call("start")


def poll(pending_id: Optional[str] = None) -> Answer:
    """Check once whether the person has approved the login, and finish it if so.

    Call it when the person says that they are done. Never call it in a loop.
    `pending_id` is what `start` returned; None means the login that waits.
    """
    if pending_id is None:
        return _call("poll")
    if not isinstance(pending_id, str) or not pending_id:
        return _invalid("pending_id must be the text that start() returned, or None")
    # After `--` the program reads no option, so an id may begin with a hyphen.
    return _call("poll", "--", pending_id)


def logout(revoke: bool = False) -> Answer:
    """Sign out on this machine.

    With `revoke`, also ask OpenAI to end the login. That may end the person's
    other Codex sessions too, so ask them first.
    """
    if not isinstance(revoke, bool):
        return _invalid("revoke must be True or False")
    return _call("logout", *(["--revoke"] if revoke else []))


def refresh() -> Answer:
    """Request a new access token now, unless one was issued within the last minute.

    Model calls refresh automatically: call this only for a login that seems broken.
    """
    return _call("refresh")


def models(force: bool = False) -> Answer:
    """List the models of the subscription.

    From the cache for 300 seconds; with `force` from OpenAI, at most once every
    10 seconds.
    """
    if not isinstance(force, bool):
        return _invalid("force must be True or False")
    return _call("models", *(["--force"] if force else []))


def usage(force: bool = False) -> Answer:
    """Return how much of the subscription is used, for each window.

    From the cache for 60 seconds; with `force` from OpenAI, at most once every
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
            # Standard error is for a terminal, and may quote options that hold a password.
            stderr=subprocess.DEVNULL,
            # A signal to the caller must not interrupt a refresh in the program.
            start_new_session=True,
        )
    except OSError as fault:
        return _failure("internal", f"{program} cannot be run: {fault.strerror}", INSTALL)
    except ValueError:
        return _invalid("an argument holds a character that cannot be passed to a program")
    try:
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        # Killing the program could lose the answer to a refresh, and the login with it.
        threading.Thread(target=process.communicate, daemon=True).start()
        return _failure(
            "internal",
            f"chatgpt-oauth {command[0]} has not answered within {TIMEOUT_SECONDS:g} seconds",
            "The program was not stopped and may still finish. Wait a minute, then call status().",
            retryable=True,
        )
    return _read(output, process.returncode)


def _read(output: bytes, exit_code: int) -> Answer:
    """Return the program's answer. A failed call has one too, so the exit code adds nothing."""
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
    return _failure("internal", f"chatgpt-oauth ended {ended} and printed no answer", LOOK)


def _invalid(error: str) -> Answer:
    return _failure("invalid-argument", error, "Correct it, then call again.")


def _failure(code: str, error: str, hint: str, retryable: bool = False) -> Answer:
    """Build the answer of a failed call, in the shape of the program's own."""
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
