"""The shape of every answer, and a reader of SKILL.md, for the tests in this folder."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKILL = ROOT / "skill"

PENDING = {"pending_id", "user_code", "verification_url", "interval_seconds", "expires_in_seconds", "expires_at"}
USAGE = {"source", "plan", "windows", "credits", "limit_reached", "limit_reason", "limit_name",
         "limit_resets_at", "fetched_at"}

# The fields that each function returns, besides `ok`.
ANSWERS = {
    "status": {
        "state", "connected", "method", "email", "account_id", "plan", "expires_at", "expires_in_seconds",
        "updated_at", "models_count", "models_fetched_at", "default_model_id", "available_models", "usage",
        "usage_fetched_at", "pending", "hint",
    },
    "start": {"status", "instructions", "replaced_user_code"} | PENDING,
    "poll": {
        "status", "pending", "retry_after_seconds", "email", "account_id", "plan", "expires_at", "models_count",
        "default_model_id", "available_models", "usage", "next_step",
    },
    "logout": {"status", "removed", "revoked", "hint"},
    "refresh": {"status", "expires_at", "expires_in_seconds"},
    "models": {"source", "count", "default_model_id", "available_models", "models", "fetched_at"},
    "usage": USAGE,
}
FAILED = {"error", "code", "hint", "retryable", "retry_after_seconds", "relogin_required",
          "service_code", "service_status"}

# Nested objects: the field, and the fields of each object in it.
INSIDE = {
    "pending": PENDING,
    "usage": USAGE,
    "windows": {"name", "used_percent", "window_seconds", "resets_at", "resets_in_seconds"},
    "credits": {"has_credits", "unlimited", "balance"},
    "models": {
        "id", "slug", "display_name", "description", "priority", "context_window", "default_reasoning_level",
        "reasoning_levels", "input_modalities",
    },
}


def misfits(function, answer):
    """List every field that the answer has too many or too few."""
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        return [f"{function}: no answer: {answer!r}"]
    expected = ANSWERS[function] if answer["ok"] else FAILED
    found = compare(function, answer, expected | {"ok"})
    return found + inside(function, answer)


def inside(where, fields):
    """List the same for nested objects."""
    found = []
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                found += compare(f"{where}.{name}", each, INSIDE.get(name, set()))
                found += inside(f"{where}.{name}", each)
    return found


def compare(where, fields, expected):
    found = [f"{where} lacks {name}" for name in sorted(expected - set(fields))]
    return found + [f"{where} has {name}" for name in sorted(set(fields) - expected)]


def skill_md():
    return (SKILL / "SKILL.md").read_text(encoding="utf-8")


def blocks():
    """The Python blocks of SKILL.md by the function that they import."""
    found = re.findall(r"^```python\n(.*?)^```$", skill_md(), re.MULTILINE | re.DOTALL)
    return {re.search(r"import (\w+)", block).group(1): block for block in found}


def table_rows():
    """The rows of SKILL.md's tables, as lists of cells."""
    lines = [line.strip() for line in skill_md().splitlines()]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines if line.startswith("|")]


def quoted(cell):
    """The texts between backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)
