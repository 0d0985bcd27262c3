"""Installs pinned packages into the user's cache directory, as scripts/tools.sh does."""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
TOOLS = pathlib.Path(os.environ.get("CHATGPT_OAUTH_TOOLS") or CACHE / "chatgpt-oauth/tools")
PYTHON = "%d.%d" % sys.version_info[:2]


def of_python(name: str, pinned: pathlib.Path) -> pathlib.Path:
    """The folder of the packages that a list of requirements pins, all of them."""

    def install(folder: pathlib.Path) -> None:
        pip("install", "--no-deps", "--target", folder, "--requirement", pinned)

    return installed(f"{name}-{PYTHON}", pinned.read_text(), install)


def of_node(name: str, folder_of_lock: pathlib.Path) -> pathlib.Path:
    """The folder of the packages that a package-lock.json pins."""

    def install(folder: pathlib.Path) -> None:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(folder_of_lock / file, folder)
        command = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--prefix", folder]
        subprocess.run(command, check=True, stdout=sys.stderr)

    return installed(name, (folder_of_lock / "package-lock.json").read_text(), install) / "node_modules"


def of_npm(name: str, *pinned: str) -> pathlib.Path:
    """The folder of packages without a lock: one of an optional package that a registry lacks cannot be used."""

    def install(folder: pathlib.Path) -> None:
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, *pinned]
        subprocess.run(command, check=True, stdout=sys.stderr)

    return installed(name, " ".join(pinned), install) / "node_modules"


def source_of_python(requirement: str) -> pathlib.Path:
    """The folder with the source of a package, tests included."""

    def install(folder: pathlib.Path) -> None:
        name, _, _ = requirement.partition("==")
        pip("download", "--no-deps", "--no-binary", name, "--dest", folder, requirement)
        [archive] = folder.glob("*.tar.gz")
        shutil.unpack_archive(archive, folder, filter="data")

    [source] = installed(f"source-{requirement}", requirement, install).glob("*/")
    return source


def installed(name: str, pinned: str, install) -> pathlib.Path:
    """A folder that this has filled. A file with what is pinned marks a complete installation."""
    folder = TOOLS / name
    mark = folder / "installed"
    if not mark.exists() or mark.read_text() != pinned:
        print(f"installing {name}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install(folder)
        mark.write_text(pinned)
    return folder


def pip(*arguments) -> None:
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(list(map(str, command)), check=True, env=environment, stdout=sys.stderr)
