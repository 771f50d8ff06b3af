"""The how-to pages are true: their commands and their Python run, and print what is shown."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = pytest.mark.timeout(400)

DOCS = Path(__file__).parents[2] / "docs"
STEP = re.compile(
    r"^```(?P<language>python|sh)\n(?P<code>.*?)^```\n(?:\n```text\n(?P<shown>.*?)^```)?",
    re.MULTILINE | re.DOTALL,
)
ACCESSION = re.compile(r"\bGSF\d{6}\b")
END = "-- end of a step --"
PORT = "8080"


@dataclass(frozen=True)
class Step:
    """One block of code of a page, and what it prints; ``None`` where the page shows nothing."""

    language: str
    code: str
    shown: str | None


def steps(name: str) -> list[Step]:
    text = (DOCS / name).read_text(encoding="utf-8")
    return [Step(*found.group("language", "code", "shown")) for found in STEP.finditer(text)]


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def test_python(run: Run) -> None:
    page = steps("python.md")
    assert {step.language for step in page} == {"python"}
    done = run("-c", "\n".join(f"{step.code}\nprint({END!r})" for step in page))
    assert (done.returncode, done.stderr) == (0, "")
    printed = done.stdout.split(f"{END}\n")
    for step, text in zip(page, printed[:-1], strict=True):
        assert lines(text) == lines(step.shown or "")


@dataclass
class Shell:
    """A reader's shell: variables and folders stay from step to step.

    Accessions are those of the page: what stands for them in this store is found out where they are
    printed first. Servers run beside the shell.
    """

    process: subprocess.Popen[str]
    port: str
    here: dict[str, str] = field(default_factory=dict)

    def do(self, step: Step) -> None:
        code = ACCESSION.sub(lambda found: self.here.get(found[0], found[0]), step.code)
        code = code.replace(PORT, self.port)
        if step.language == "python":
            code = f"python -W error - << 'END OF PYTHON'\n{code}END OF PYTHON\n"
        elif code.startswith("odm-shiny serve"):
            code = (
                f"{code.rstrip()} > served &\n"
                "trap 'kill $!; wait' EXIT\n"
                "until grep ready served; do kill -0 $!; sleep 0.1; done\n"
            )
        assert self.process.stdin is not None
        self.process.stdin.write(f"{code}\necho '{END}'\n")
        self.process.stdin.flush()
        printed = self._printed()
        if step.shown is not None:
            assert lines(self._as_on_the_page(printed, step.shown)) == lines(step.shown)

    def _printed(self) -> str:
        text = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith(f"{END}\n"):
                return text + line.removesuffix(f"{END}\n")
            text += line
        pytest.fail(f"the shell ended in the middle of a page, after printing:\n{text}")

    def _as_on_the_page(self, printed: str, shown: str) -> str:
        known = set(self.here.values())
        met = [one for one in dict.fromkeys(ACCESSION.findall(printed)) if one not in known]
        new = [one for one in dict.fromkeys(ACCESSION.findall(shown)) if one not in self.here]
        self.here.update(zip(new, met, strict=False))
        names = {there: name for name, there in self.here.items()}
        there = ACCESSION.sub(lambda found: names.get(found[0], found[0]), printed)
        return there.replace(self.port, PORT)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Give a shell in an empty folder that stops at the first command that fails."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        ["bash", "-eu", "-o", "pipefail"],
        cwd=tmp_path,
        env={**os.environ, "PATH": programs},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Shell(process, port)
        process.stdin.close()


@pytest.mark.parametrize("name", ["curators.md", "server.md"])
def test_commands(name: str, shell: Shell) -> None:
    for step in steps(name):
        shell.do(step)
