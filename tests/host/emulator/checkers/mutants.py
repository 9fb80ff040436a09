"""Firmware that is wrong on purpose: the real sources with a deliberate change, compiled and put on a flash image.

A change names the text that it replaces. When the firmware moves on and that text is not there any more, the mutant
refuses to be built: a checker that is shown the honest firmware would prove nothing.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emulator.image import build_image
from tools.flash.build import ROOT, STAY_SOURCE, firmware_files


class StaleMutant(Exception):
    """The text that a change replaces is not in the source exactly once."""


@dataclass(frozen=True)
class Change:
    """Of one file below firmware/."""

    path: str
    old: str
    new: str

    def applied_to(self, text: str) -> str:
        if text.count(self.old) != 1:
            raise StaleMutant(f"firmware/{self.path} has {text.count(self.old)} times (wanted: once): {self.old!r}")
        return text.replace(self.old, self.new)


@cache
def build_mutant(*changes: Change) -> bytes:
    """The flash image of the changed firmware."""
    files: dict[str, str | bytes] = dict(firmware_files())
    changed: dict[str, str] = {}
    for change in changes:
        changed[change.path] = change.applied_to(changed.get(change.path) or source_of(change.path))
    for path, text in changed.items():
        if path not in STAY_SOURCE:
            del files[str(Path(path).with_suffix(".mpy"))]
        files[path] = text
    return build_image(files)


def source_of(path: str) -> str:
    return Path(ROOT, "firmware", path).read_text(encoding="utf-8")
