"""Compares a log of a test run with the list of faults in docs/faults.md.

    python3 scripts/fault-coverage.py LOG

A test that passed in LOG covers the faults that the line `/// Faults:` in its
documentation names. Prints the coverage of each letter, and the uncovered rows with
their reasons.
"""

import collections
import pathlib
import re
import subprocess
import sys

FAULTS = pathlib.Path(__file__).resolve().parent.parent / "docs" / "faults.md"
ROW = re.compile(r"^\| ([NSPHMXG]\d\d|F\d\d?) \|.*\| *(.*?) *\|$", re.MULTILINE)
# What a child writes may stand between the name and the outcome; a failure ends the run before.
PASSED = re.compile(r"^test (?:\S+::)?(\w+) \.\.\. (?!ignored|FAILED)", re.MULTILINE)
# The line, and the name of the test below it.
DOCUMENTED = re.compile(r"^ */// Faults: ([NSPHMFXG\d ]+)$.*?^ *(?:pub )?(?:async )?fn (\w+)", re.MULTILINE | re.DOTALL)
# The coverage of these letters together, in percent.
REQUIRED = {"NSP": 90, "H": 90, "M": 90, "XG": 90, "F": 100}


def covered_by(log: str) -> set[str]:
    passed = set(PASSED.findall(log))
    listed = subprocess.run(["git", "ls-files", "*.rs"], cwd=FAULTS.parent.parent, check=True, capture_output=True, text=True)
    covered = set()
    for file in listed.stdout.splitlines():
        for names, test in DOCUMENTED.findall((FAULTS.parent.parent / file).read_text()):
            if test in passed:
                covered.update(names.split())
    return covered


def complaints(reasons: dict[str, str], covered: set[str]) -> list[str]:
    found = [f"{name} is covered, but docs/faults.md does not have it" for name in sorted(covered - reasons.keys())]
    for name, reason in reasons.items():
        if name in covered and reason:
            found.append(f"{name} has a test now: take its reason out of docs/faults.md")
        if name not in covered and not reason:
            found.append(f"{name} has neither a test that passed nor a reason in docs/faults.md")
    return found


def main() -> int:
    reasons = dict(ROW.findall(FAULTS.read_text()))
    covered = covered_by(pathlib.Path(sys.argv[1]).read_text(errors="replace"))
    total, hit = collections.Counter(), collections.Counter()
    for name in reasons:
        total[name[0]] += 1
        hit[name[0]] += name in covered
    for letter in total:
        print(f"{letter}: {hit[letter]} of {total[letter]} faults")
    for name, reason in reasons.items():
        if name not in covered:
            print(f"   {name} {reason}")
    wrong = complaints(reasons, covered)
    for letters, required in REQUIRED.items():
        percent = 100 * sum(hit[letter] for letter in letters) / sum(total[letter] for letter in letters)
        print(f"{' and '.join(letters)}: {percent:.1f} %, required {required} %")
        if percent < required:
            wrong.append(f"too few faults of {' and '.join(letters)} have a test")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
