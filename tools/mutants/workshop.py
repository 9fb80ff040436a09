"""A copy of the project and a process that runs tests in it. The checkout's own files are never changed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

ZYGOTE: Final = Path(__file__).with_name("zygote.py")
# Other people's, imported before each fork: nothing of them can depend on a mutant.
PACKAGES: Final = (
    "pytest",
    "_pytest.assertion.rewrite",
    "fastapi",
    "fastapi.testclient",
    "sqlmodel",
    "alembic.command",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.x509",
    "cbor2",
    "structlog",
    "jinja2",
    "babel",
    "sse_starlette",
    "uvicorn",
    "argon2",
    "typer",
    "rich.console",
    "serial",
    "littlefs",
    "httpx2",
    "PIL.Image",
    "hypothesis",
    "multipart",
)
CACHES: Final = ("mpy",)  # by content, so all copies share them
LEFT_OUT: Final = frozenset(
    {".git", ".venv", "build", "var", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
    | {".import_linter_cache", "__pycache__"}
)


class WorkshopError(Exception):
    """The tool itself cannot go on: the copy's process ended, or pytest refused what it was asked."""

    code = "workshop"


@dataclass
class TestRun:
    """What one call of pytest came to."""

    __test__ = False  # no class of tests

    passed: bool
    late: bool
    broken: bool  # a file could not be collected
    tests: dict[str, dict[str, Any]]  # as zygote.Told has them
    imported: str
    seconds: float

    @property
    def failed_test(self) -> str | None:
        return next((name for name, one in self.tests.items() if one.get("outcome") == "failed"), None)


class Workshop:
    """A context: the copy is brought up to date when it begins, its process ends with it."""

    def __init__(self, root: Path, folder: Path, packages: Sequence[str] = PACKAGES) -> None:
        self.root = root
        self._packages = packages
        self.folder = folder
        self.copy = folder / "copy"
        self._zygote: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Workshop":
        self.copy.mkdir(parents=True, exist_ok=True)
        bring_up_to_date(self.root, self.copy)
        self._share_caches()
        # Hashes, not times: a change within the second and of the same length must not go unseen.
        command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "."]
        environment = self._environment()
        subprocess.run(command, cwd=self.copy, env=environment, check=False, stdout=subprocess.DEVNULL)
        self._zygote = subprocess.Popen(
            [sys.executable, str(ZYGOTE), *self._packages],
            cwd=self.copy,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, where: TracebackType | None
    ) -> None:
        assert self._zygote is not None
        with self._zygote as process:
            if kind is not None:
                process.terminate()

    def run(self, tests: list[str], seconds: float, stop_first: bool = True, entries: Path | None = None) -> TestRun:
        """pytest over these node ids, in this order.

        Raises: WorkshopError.
        """
        output = self.folder / "output.txt"
        order = {"tests": tests, "seconds": seconds, "first": stop_first, "output": str(output)}
        told = self._ask(order | {"entries": None if entries is None else str(entries)})
        if told["ended"] == "told":
            code, broken = told["code"], told["broken"]
            if code in {3, 4, 5} and not broken:
                raise WorkshopError(f"pytest ended with {code}: {output.read_text(errors='replace')[-2000:]}")
            return TestRun(code == 0, False, broken, told["tests"], told["imported"], told["took"])
        return TestRun(False, told["ended"] == "late", False, {}, "", told["took"])

    @contextmanager
    def changed(self, module: str, source: str) -> Iterator[None]:
        """The copy has this text in that module; afterwards what it had before."""
        path = self.copy / module
        before = path.read_bytes()
        path.write_text(source, encoding="utf-8")
        try:
            yield
        finally:
            path.write_bytes(before)
            shutil.rmtree(self.copy / "build" / "images", ignore_errors=True)  # of boards with that change

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._zygote is not None
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        print(json.dumps(order), file=self._zygote.stdin, flush=True)
        line = self._zygote.stdout.readline()
        if not line:
            raise WorkshopError("the process that runs the tests is gone")
        told: dict[str, Any] = json.loads(line)
        return told

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self.copy), str(self.copy / "shared")])
        hidden = {"PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS"}
        return {name: value for name, value in os.environ.items() if name not in hidden} | {"PYTHONPATH": path}

    def _share_caches(self) -> None:
        for name in CACHES:
            shared, here = self.folder.parent / "caches" / name, self.copy / "build" / name
            shared.mkdir(parents=True, exist_ok=True)
            here.parent.mkdir(exist_ok=True)
            if not here.is_symlink():
                here.symlink_to(shared)


def bring_up_to_date(root: Path, copy: Path) -> None:
    """Copies what differs, removes what is gone; what the copy itself made stays."""
    wanted = set(files_of(root))
    for path in files_of(copy):
        if path not in wanted:
            (copy / path).unlink()
    for path in wanted:
        source, target = root / path, copy / path
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def files_of(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in LEFT_OUT]
        for name in files:
            yield Path(folder, name).relative_to(root)
