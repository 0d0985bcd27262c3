"""Signs people in on terminals of tmux, against the simulator, to every end that a login has.

    python3 scripts/terminal.py [DIRECTORY]

The terminals have 80 columns and 24 rows, and 40 and 20; one has NO_COLOR, one is dumb, and
one login has no terminal. With a directory, what each of them shows is written to it as text.
Needs tmux. Builds the two programs unless CHATGPT_OAUTH_BIN and OPENAI_SIMULATOR_BIN name
them. Nothing leaves this machine.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
SIZES = [(80, 24), (40, 20)]
PATIENCE = 60
USER_CODE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{5}\b")
COLOR = re.compile(rb"\x1b\[(?:[0-9]+;)*(?:[34][0-8]|9[0-7]|10[0-7])[;m]")


class Failed(Exception):
    """Something is not shown as it must be."""


class Simulator:
    """OpenAI's endpoints."""

    def __init__(self, directory: pathlib.Path):
        self.authority = directory / "ca.pem"
        command = [program("OPENAI_SIMULATOR_BIN", "openai-simulator"), "--json", "--ca", self.authority, "--interval", "1"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        addresses = json.loads(self.process.stdout.readline())
        self.control = f"{addresses['http']}/_simulator"
        self.address = addresses["https"].removeprefix("https://")

    def order(self, command: str, body: object) -> None:
        request = urllib.request.Request(f"{self.control}/{command}", json.dumps(body).encode())
        urllib.request.urlopen(request, timeout=PATIENCE).close()

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


class Person:
    """Somebody with a store of their own."""

    def __init__(self, simulator: Simulator, directory: pathlib.Path, address: str | None = None):
        self.state = directory
        directory.mkdir(mode=0o700)
        address = address or simulator.address
        self.command = [program("CHATGPT_OAUTH_BIN", "chatgpt-oauth"), "--store", f"sqlite:{directory}/test.db",
                        "--cacert", simulator.authority]
        for host in ("auth.openai.com", "chatgpt.com"):
            self.command += ["--connect-to", f"{host}:443:{address}"]

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "SSL_CERT_FILE")}
        return {**kept, "XDG_STATE_HOME": str(self.state), **more}


# Begins when the terminal is being recorded, notes how the command ended, and stays.
SHELL = """
trap : INT
until [ -e {state}/begin ]; do sleep 0.02; done
rm {state}/begin
"$@"
echo $? >{state}/ended.new
mv {state}/ended.new {state}/ended
exec sleep 600
"""


class Terminal:
    """A command on a terminal of tmux."""

    def __init__(self, person: Person, size: tuple[int, int], *arguments: str, **environment: str):
        self.raw = person.state / f"raw-{arguments[0]}"
        self.ended = person.state / "ended"
        self.socket = person.state / f"tmux-{arguments[0]}"
        self.ended.unlink(missing_ok=True)
        environment = person.environment(**{"TERM": "tmux-256color", **environment})
        variables = [f"{name}={value}" for name, value in environment.items()]
        shell = ["sh", "-c", SHELL.format(state=person.state), "sh", *person.command, *arguments]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", size[0], "-y", size[1], "env", "-i", *variables, *shell)
        # Its row is the command's.
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-x", size[0], "-y", size[1])
        self.raw.touch()
        self.tmux("pipe-pane", "-o", f"cat > {self.raw}")
        (person.state / "begin").touch()

    def tmux(self, *arguments: object) -> str:
        command = ["tmux", "-S", self.socket, *arguments]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, env=environment).stdout

    def shown(self) -> str:
        """Everything that the terminal has shown, with what has left it at the top."""
        return self.tmux("capture-pane", "-p", "-S", "-").rstrip() + "\n"

    def wait_for(self, *words: str) -> str:
        """What the terminal shows as soon as it has all of these, however its lines wrap."""
        end = time.monotonic() + PATIENCE
        while True:
            shown = self.shown()
            flowing = " ".join(shown.split())
            if all(word in flowing for word in words):
                return shown
            if time.monotonic() > end:
                raise Failed(f"{words} is not shown:\n{shown}")
            time.sleep(0.05)

    def written(self, last: bytes) -> bytes:
        """What the command has written, as soon as it is recorded up to this. tmux shows it earlier."""
        end = time.monotonic() + PATIENCE
        while last not in (written := self.raw.read_bytes()):
            if time.monotonic() > end:
                raise Failed(f"{last} is not recorded:\n{written}")
            time.sleep(0.05)
        return written

    def user_code(self) -> str:
        return USER_CODE.search(self.wait_for("left, waiting")).group()

    def interrupt(self) -> None:
        self.tmux("send-keys", "C-c")

    def exit_code(self) -> int:
        end = time.monotonic() + PATIENCE
        while not self.ended.exists():
            if time.monotonic() > end:
                raise Failed(f"it does not end:\n{self.shown()}")
            time.sleep(0.05)
        return int(self.ended.read_text())

    def end(self) -> None:
        self.tmux("kill-server")


def program(variable: str, name: str) -> str:
    return os.environ.get(variable) or str(TARGET / "debug" / name)


def build() -> None:
    if "CHATGPT_OAUTH_BIN" in os.environ and "OPENAI_SIMULATOR_BIN" in os.environ:
        return
    packages = ["--package", "chatgpt-oauth", "--package", "openai-simulator"]
    subprocess.run(["cargo", "build", "--locked", "--quiet", *packages], cwd=ROOT, check=True)


class Gallery:
    """Gives each case people and terminals, and keeps what these show."""

    def __init__(self, directory: pathlib.Path, simulator: Simulator, pictures: pathlib.Path | None):
        self.directory, self.simulator, self.pictures = directory, simulator, pictures
        self.people = 0
        self.terminals: list[Terminal] = []

    def person(self, address: str | None = None) -> Person:
        self.people += 1
        return Person(self.simulator, self.directory / f"person-{self.people}", address)

    def terminal(self, person: Person, size: tuple[int, int], *arguments: str, **environment: str) -> Terminal:
        terminal = Terminal(person, size, *arguments, **environment)
        self.terminals.append(terminal)
        return terminal

    def end(self) -> None:
        for terminal in self.terminals:
            terminal.end()
        self.terminals.clear()

    def keep(self, name: str, shown: str) -> None:
        if self.pictures:
            (self.pictures / f"{name}.txt").write_text(shown)

    def expect(self, name: str, terminal: Terminal, exit_code: int, *words: str) -> None:
        """The end of a command, and what it says."""
        ended = terminal.exit_code()
        shown = terminal.wait_for(*words)
        self.keep(name, shown)
        if ended != exit_code:
            raise Failed(f"exit code {ended}, not {exit_code}:\n{shown}")
        if "WARN" in shown:
            raise Failed(f"a line of the log:\n{shown}")


def approved(gallery: Gallery, size: tuple[int, int]) -> None:
    """A login, and what the other commands show after it."""
    person, name = gallery.person(), f"{size[0]}x{size[1]}"
    login = gallery.terminal(person, size, "login")
    code = login.user_code()
    gallery.keep(f"login-waits-{name}", login.shown())
    gallery.simulator.order("approve", {"user_code": code})
    gallery.expect(f"login-approved-{name}", login, 0, "connected ada@example.com", "Next: `models`")
    for command, words in [("status", "token expires"), ("usage", "5 hours"), ("models", "openai-codex/")]:
        terminal = gallery.terminal(person, size, command)
        gallery.expect(f"{command}-{name}", terminal, 0, words)
        if command == "usage" and not COLOR.search(terminal.written(b"credits:")):
            raise Failed("no color on a terminal")


def without_color(gallery: Gallery) -> None:
    person = gallery.person()
    login = gallery.terminal(person, SIZES[0], "login", NO_COLOR="1")
    gallery.simulator.order("approve", {"user_code": login.user_code()})
    gallery.expect("login-approved-no-color", login, 0, "connected ada@example.com")
    usage = gallery.terminal(person, SIZES[0], "usage", NO_COLOR="1")
    gallery.expect("usage-no-color", usage, 0, "5 hours")
    if found := COLOR.search(login.written(b"signs out") + usage.written(b"credits:")):
        raise Failed(f"a color with NO_COLOR: {found.group()}")


def dumb(gallery: Gallery) -> None:
    login = gallery.terminal(gallery.person(), SIZES[0], "login", TERM="dumb")
    code = USER_CODE.search(login.wait_for("Code", "waiting for the approval")).group()
    gallery.simulator.order("approve", {"user_code": code})
    gallery.expect("login-approved-dumb", login, 0, "connected: ada@example.com")
    if b"\x1b" in login.written(b"signs out"):
        raise Failed("an escape sequence on a dumb terminal")


def piped(gallery: Gallery) -> None:
    person = gallery.person()
    login = subprocess.Popen([*person.command, "login"], env=person.environment(), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    said = ""
    while not (code := USER_CODE.search(said)):
        if not (line := login.stdout.readline()):
            raise Failed(f"no code:\n{said}")
        said += line
    gallery.simulator.order("approve", {"user_code": code.group()})
    said += login.stdout.read()
    gallery.keep("login-approved-piped", said)
    if login.wait() != 0 or "connected: ada@example.com" not in said or "\x1b" in said:
        raise Failed(f"exit code {login.returncode}:\n{said}")


def decided(gallery: Gallery, size: tuple[int, int], order: str, words: list[str]) -> None:
    """A login that ends when somebody, or time, has decided about its code."""
    login = gallery.terminal(gallery.person(), size, "login")
    gallery.simulator.order(order, {"user_code": login.user_code()})
    gallery.expect(f"login-{order}-{size[0]}x{size[1]}", login, 4, *words)


def interrupted(gallery: Gallery, size: tuple[int, int]) -> None:
    login = gallery.terminal(gallery.person(), size, "login")
    code = login.user_code()
    login.interrupt()
    gallery.expect(f"login-interrupted-{size[0]}x{size[1]}", login, 130, "this code is still valid: " + code)


def refused(gallery: Gallery, size: tuple[int, int], preset: str, exit_code: int, words: str) -> None:
    """A login that OpenAI, or the network before it, does not begin."""
    gallery.simulator.order("fault", {"endpoint": "user_code", "fault": {"preset": preset}})
    login = gallery.terminal(gallery.person(), size, "login")
    gallery.expect(f"login-{preset.replace('_', '-')}-{size[0]}x{size[1]}", login, exit_code, words)


def offline(gallery: Gallery, size: tuple[int, int]) -> None:
    login = gallery.terminal(gallery.person("127.0.0.1:1"), size, "login")
    gallery.expect(f"login-offline-{size[0]}x{size[1]}", login, 3, "doctor")


def cases(gallery: Gallery):
    yield "without color", lambda: without_color(gallery)
    yield "on a dumb terminal", lambda: dumb(gallery)
    yield "without a terminal", lambda: piped(gallery)
    for size in SIZES:
        on = f"on {size[0]}x{size[1]}"
        yield f"approved {on}", lambda: approved(gallery, size)
        yield f"denied {on}", lambda: decided(gallery, size, "deny", ["the login was declined", "Run login again"])
        yield f"expired {on}", lambda: decided(gallery, size, "expire", ["Run login again for a new code"])
        yield f"interrupted {on}", lambda: interrupted(gallery, size)
        yield f"switched off {on}", lambda: refused(gallery, size, "device_login_disabled", 6, "Switch on device codes")
        yield f"another region {on}", lambda: refused(gallery, size, "region_blocked", 6, "in a supported country")
        yield f"blocked {on}", lambda: refused(gallery, size, "cloudflare_challenge", 3, "use another network")
        yield f"offline {on}", lambda: offline(gallery, size)


def main() -> None:
    shutil.which("tmux") or sys.exit("this needs tmux: apt-get install tmux")
    build()
    pictures = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        simulator = Simulator(directory)
        try:
            gallery = Gallery(directory, simulator, pictures)
            for title, run in cases(gallery):
                try:
                    run()
                    print(f"ok      {title}")
                except Failed as failed:
                    failures += 1
                    print(f"FAILED  {title}: {failed}")
                finally:
                    gallery.end()
        finally:
            simulator.end()
    if failures:
        sys.exit(f"{failures} failed")


if __name__ == "__main__":
    main()
