"""Fails if a relative link in a Markdown file has no target."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)
CODE = re.compile(r"```.*?```", re.DOTALL)


def anchor(heading: str) -> str:
    """The anchor that hosting platforms derive from a heading."""
    words = re.sub(r"[`*_]", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def broken_links(file: pathlib.Path) -> list[str]:
    broken = []
    for target in LINK.findall(CODE.sub("", file.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        found = (file.parent / path).resolve() if path else file
        if not found.exists():
            broken.append(f"{file.relative_to(ROOT)}: {target}: no such file")
        elif fragment and found.suffix == ".md":
            anchors = {anchor(heading) for heading in HEADING.findall(found.read_text())}
            if fragment not in anchors:
                broken.append(f"{file.relative_to(ROOT)}: {target}: no such heading")
    return broken


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    broken = [line for name in listed.stdout.split() for line in broken_links(ROOT / name)]
    print("\n".join(broken) or "every link has a target")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
