"""The recorded map: which test enters which function, and how long it takes.

One file's tests are recorded together, in a copy with marks (entries.py), and kept under build/ with the digest of the
test file. A file that changed is recorded anew before it is used; a function that is new to the map is reached through
its module. What tests share (fixtures of a module or a session) is entered by the first of them alone, so what such a
file's tests entered before counts for the later ones too.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from tools.mutants.entries import Marks
from tools.mutants.sites import MODULE
from tools.mutants.workshop import Workshop, WorkshopError

LIMIT_S: Final = 900.0  # for the tests of one file
WIDE_SCOPES: Final = ('scope="module"', 'scope="session"', 'scope="package"')


@dataclass
class Reached:
    """What is known of one test."""

    seconds: float
    entered: list[int]  # numbers in Reach.names


@dataclass
class FileReach:
    """What is known of one test file."""

    digest: str
    imported: list[int] = field(default_factory=list)  # by its collection, in the testing process itself
    tests: dict[str, Reached] = field(default_factory=dict)  # those that passed


@dataclass
class Reach:
    """The whole map."""

    names: list[str] = field(default_factory=list)  # "module:function"
    files: dict[str, FileReach] = field(default_factory=dict)

    def tests_of(self, module: str, function: str) -> dict[str, Reached]:
        """Those that enter the function; else those that enter its module; else those that import it."""
        of_module = {number for number, name in enumerate(self.names) if name.partition(":")[0] == module}
        inside = {number for number in of_module if not self.names[number].endswith(f":{MODULE}")}
        exactly = {number for number in of_module if self.names[number] == f"{module}:{function}"} & inside
        for wanted in (exactly, inside, of_module):
            found = {name: one for name, one in self._tests() if wanted.intersection(one.entered)}
            if found:
                return found
        files = [file for file in self.files.values() if of_module.intersection(file.imported)]
        return {name: one for file in files for name, one in file.tests.items()}

    def _tests(self) -> Iterable[tuple[str, Reached]]:
        for file in self.files.values():
            yield from file.tests.items()


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load(path: Path) -> Reach:
    """What was recorded so far, or nothing."""
    if not path.is_file():
        return Reach()
    table = json.loads(path.read_text())
    files = {
        name: FileReach(one["digest"], one["imported"], {test: Reached(**what) for test, what in one["tests"].items()})
        for name, one in table["files"].items()
    }
    return Reach(table["names"], files)


def save(reach: Reach, path: Path) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(asdict(reach)))
    draft.replace(path)


def stale(reach: Reach, root: Path, files: Iterable[str]) -> list[str]:
    """The test files that the map does not know as they are now."""
    return [file for file in files if file not in reach.files or reach.files[file].digest != digest_of(root / file)]


class Recorder:
    """Records test files in a workshop of its own, whose copy bears the marks."""

    def __init__(self, workshop: Workshop, modules: Iterable[str]) -> None:
        self._workshop = workshop
        self._log = workshop.folder / "entered"
        self._marks = Marks()
        for module in modules:
            path = workshop.copy / module
            path.write_text(self._marks.put(module, path.read_text()))
        self._marks.write_modules(workshop.copy, self._log)

    def record(self, file: str) -> tuple[FileReach, list[set[str]]]:
        """The file's tests; the sets hold the names that the numbers will stand for (see `add`).

        Raises: WorkshopError, the file cannot be collected even without a mutant.
        """
        self._log.write_text("")
        run = self._workshop.run([file], LIMIT_S, stop_first=False, entries=self._log)
        if run.broken:
            raise WorkshopError(f"{file} cannot be collected")
        source = (self._workshop.copy / file).read_text()
        lasting = any(scope in source for scope in WIDE_SCOPES)
        found = FileReach(digest_of(self._workshop.root / file))
        sets = [self._marks.read(run.imported)]
        before: set[str] = set()
        for name, one in run.tests.items():
            entered = self._marks.read(one.get("entered", "")) | before
            if lasting:
                before = entered
            if one.get("outcome") == "passed":
                found.tests[name] = Reached(round(one["seconds"], 2), [])
                sets.append(entered)
        return found, sets


def add(reach: Reach, file: str, found: FileReach, sets: list[set[str]]) -> None:
    """Put a record into the map."""
    numbers = {name: number for number, name in enumerate(reach.names)}
    for names in sets:
        for name in sorted(names - numbers.keys()):
            numbers[name] = len(reach.names)
            reach.names.append(name)
    found.imported = sorted(numbers[name] for name in sets[0])
    for one, names in zip(found.tests.values(), sets[1:], strict=True):
        one.entered = sorted(numbers[name] for name in names)
    reach.files[file] = found
