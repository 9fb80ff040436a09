"""Code that is needed for a moment only: loaded from flash, used, and given back to the heap.

What a board does all day stays in memory; everything else brings its code when its time comes. Only what was not there
before goes again.
"""

import asyncio
import gc
import sys

from micropython import const

_NEEDS = const("/rom/needs/")
LOAD_THRESHOLD_BYTES = 2048  # garbage of the loading must not scatter what stays; each collection makes a card wait


async def in_turns(name: str) -> "Borrowed":
    """This module, after those that it needs: one a turn of the event loop, because each takes about as long as a card
    may be kept waiting."""
    lent = None
    await asyncio.sleep_ms(0)  # what was given back just now was collected in the turn under way
    try:
        for line in _needs(name):
            needed = line.rstrip()
            if needed not in sys.modules and needed != name:
                lent = Borrowed(needed, lent)
                await asyncio.sleep_ms(0)
        lent = Borrowed(name, lent)
        await asyncio.sleep_ms(0)
    except (MemoryError, asyncio.CancelledError):
        if lent is not None:
            lent.give_back()
        raise
    return lent


def _needs(name: str) -> "Iterable[str]":
    """A line for each, which tools/flash/needs.py wrote down; read as they are needed, as the heap has no room for all.
    A module without a list needs nothing, or the interpreter finds it out, at once."""
    try:
        lines: Iterable[str] = open(_NEEDS + name)  # noqa: SIM115
        return lines  # not closed: a file in ROM holds nothing but its place
    except OSError:
        return ()


_known: set[str] = set()  # modules that were here before; one set for ever, because a full heap has no room for more


class Borrowed:
    """One module, with everything that it loads. A context manager; or give_back() by hand, when a task has to wait.

    Only modules that nothing else keeps a reference to may be borrowed: an exception class that outlives its module
    would be another class the next time."""

    def __init__(self, name: str, with_it: "Borrowed | None" = None) -> None:
        """``with_it`` was borrowed before and goes when this one goes."""
        _known.update(sys.modules)
        gc.collect()
        threshold_bytes = gc.threshold()
        gc.threshold(LOAD_THRESHOLD_BYTES)
        self.module: Module | None = None
        try:
            __import__(name)
            self.module = sys.modules[name]
        finally:
            gc.threshold(threshold_bytes)
            self._names = [loaded for loaded in sys.modules if loaded not in _known]
            if with_it is not None:
                self._names += with_it._names
            if self.module is None:
                self.give_back()  # no room for all of it: what had come already must not stay

    def __enter__(self) -> "Any":
        return self.module

    def __exit__(self, *_error: object) -> None:
        self.give_back()

    def give_back(self) -> None:
        """The memory is free again once the caller's own references are gone."""
        self.module = None
        unload(self._names)


def unload(names: "Iterable[str]") -> None:
    """Code that is not needed any more."""
    for name in names:
        sys.modules.pop(name, None)
        _known.discard(name)
        parent, _, child = name.rpartition(".")
        if hasattr(sys.modules.get(parent), child):
            delattr(sys.modules[parent], child)
    gc.collect()


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType as Module
    from typing import Any
