"""Runs tests in a copy of the project, each time in a fork of a process that has imported other people's packages.

Only what a mutant cannot touch is imported before the fork: none of the project's own modules. The arguments are the
names of those packages. Started as a script with the copy as its folder and first on PYTHONPATH; it imports nothing of
the tool. One JSON object a line comes in, {"tests": [...], "first": stop at the first failure, "seconds": limit,
"entries": file or null, "output": file}, one goes out, see Told.

Whatever a test started and left (boards compute for ever under some mutants) is ended by number: this process asks the
kernel to become the parent of orphans (prctl(2), PR_SET_CHILD_SUBREAPER).
"""

import contextlib
import ctypes
import importlib
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


class Told:
    """A plugin of pytest: what each test did, what it entered, and whether the files could be read at all."""

    def __init__(self, entries: str | None) -> None:
        self.entries = entries
        self.tests: dict[str, dict[str, Any]] = {}
        self.imported = ""
        self.broken = False

    def pytest_collectreport(self, report: Any) -> None:
        self.broken = self.broken or report.failed

    def pytest_collection_finish(self, session: Any) -> None:
        self.imported = self._entered()
        self.tests = {item.nodeid: {} for item in session.items}

    def pytest_runtest_logreport(self, report: Any) -> None:
        one = self.tests[report.nodeid]
        one["seconds"] = one.get("seconds", 0.0) + report.duration
        if report.failed:
            one["outcome"] = "failed"
        elif report.when == "call" or report.skipped:
            one.setdefault("outcome", "skipped" if report.skipped else "passed")

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.tests[nodeid]["entered"] = self._entered()

    def _entered(self) -> str:
        """What was entered since the last time."""
        if self.entries is None:
            return ""
        if "_entered" in sys.modules:
            sys.modules["_entered"].forget()
        with open(self.entries, "r+", encoding="ascii") as file:
            text = file.read()
            file.truncate(0)
        return text


def main() -> None:
    sys.path.pop(0)  # the folder of this script
    signal.signal(signal.SIGTERM, _leave)
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    for name in sys.argv[1:]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    silence = os.open(os.devnull, os.O_RDWR)
    os.dup2(silence, 0)
    os.dup2(silence, 1)
    for line in requests:
        print(json.dumps(_run(json.loads(line))), file=answers, flush=True)


def _run(order: dict[str, Any]) -> dict[str, Any]:
    began = time.monotonic()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _prctl(PR_SET_CHILD_SUBREAPER, 0)
        _test(order, writing)
    os.close(writing)
    said = _read(reading, began + order["seconds"])
    os.close(reading)
    _end_children()
    answer: dict[str, Any] = (
        {"ended": "died" if said == b"" else "late"} if not _whole(said) else json.loads(said or b"")
    )
    return answer | {"took": time.monotonic() - began}


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _leave(_number: int, _frame: object) -> None:
    """Whoever made this process ends it, or is gone."""
    _end_children()
    os._exit(0)


def _whole(said: bytes | None) -> bool:
    return bool(said) and said is not None and said.endswith(b"\n")


def _read(descriptor: int, until: float) -> bytes | None:
    """All that the child says, or None when the time is over."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    said = b""
    while not said.endswith(b"\n"):
        left = until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            return None
        part = os.read(descriptor, 1 << 16)
        if not part:
            return b""
        said += part
    return said


def _end_children() -> None:
    """Until there is none: whoever loses its parent becomes a child of this process."""
    while children := Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        for child in map(int, children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)


def _test(order: dict[str, Any], writing: int) -> None:
    """In the child; never returns."""
    import pytest

    told = Told(order["entries"])
    output = Path(order["output"]).open("w+", encoding="utf-8")  # noqa: SIM115 (until this process ends)
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    options += ["--tb=line", "--show-capture=no"] + (["-x"] if order["first"] else [])
    code = int(pytest.main([*options, *order["tests"]], plugins=[told]))
    sys.stdout.flush()
    answer = {"ended": "told", "code": code, "tests": told.tests, "imported": told.imported, "broken": told.broken}
    with os.fdopen(writing, "w") as pipe:
        pipe.write(json.dumps(answer) + "\n")
    os._exit(0)


if __name__ == "__main__":
    main()
