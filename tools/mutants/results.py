"""What was tried, a line each as soon as it is known: a run that was killed goes on behind the last whole line.

A file holds for one state of the project. Whatever changes in sources, tests or pinned packages begins another.
"""

import hashlib
import json
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tools.mutants.sites import Site
from tools.mutants.trying import Fate, Trial
from tools.mutants.workshop import files_of

FOLDERS: Final = ("backoffice", "client", "emulator", "firmware", "requirements", "shared", "tests", "tools")
REVIEWED: Final = Path("tools/mutants/equivalent.toml")  # applied afterwards


class Results:
    """One file of results; several threads may add."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._trials: dict[Site, Trial] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            self._read()

    def __contains__(self, site: Site) -> bool:
        return site in self._trials

    def of(self, sites: list[Site]) -> list[Trial]:
        """Those of these sites that were tried, in their order."""
        return [self._trials[site] for site in sites if site in self._trials]

    def add(self, trial: Trial) -> None:
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            self._trials[trial.site] = trial
            file.write(json.dumps(asdict(trial)) + "\n")

    def _read(self) -> None:
        text = self._path.read_text(encoding="utf-8")
        whole, _, torn = text.rpartition("\n")
        for line in whole.splitlines():
            row = json.loads(line)
            trial = Trial(**row | {"site": Site(**row["site"]), "fate": Fate(row["fate"])})
            self._trials[trial.site] = trial
        if torn:
            self._path.write_text(whole + "\n" if whole else "", encoding="utf-8")


def digest_of_project(root: Path) -> str:
    """Of everything that a test's outcome can depend on."""
    digest = hashlib.sha256()
    for path in sorted(files_of(root)):
        if (path.parts[0] in FOLDERS or len(path.parts) == 1) and path != REVIEWED and path.suffix != ".md":
            digest.update(f"{path.as_posix()}\0".encode())
            digest.update(hashlib.sha256((root / path).read_bytes()).digest())
    return digest.hexdigest()
