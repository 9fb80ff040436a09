"""Code that is needed for a moment only: loaded from flash, used, and given back to the heap.

What a board does all day stays in memory; everything else brings its code when its time comes. Only what was not there
before goes again.
"""

import asyncio
import gc
import sys

LOAD_THRESHOLD_BYTES = 2048  # garbage of the loading must not scatter what stays; each collection makes a card wait


async def in_turns(*names: str) -> "Borrowed":
    """The last of these modules, after the others: one a turn of the event loop, because each takes as long as a card
    may be kept waiting."""
    lent = None
    try:
        for name in names:
            lent = Borrowed(name, lent)
            await asyncio.sleep_ms(0)
    except (MemoryError, asyncio.CancelledError):
        if lent is not None:
            lent.give_back()
        raise
    assert lent is not None
    return lent


class Borrowed:
    """One module, with everything that it loads. A context manager; or give_back() by hand, when a task has to wait.

    Only modules that nothing else keeps a reference to may be borrowed: an exception class that outlives its module
    would be another class the next time."""

    def __init__(self, name: str, with_it: "Borrowed | None" = None) -> None:
        """``with_it`` was borrowed before and goes when this one goes."""
        before = set(sys.modules)
        gc.collect()
        threshold_bytes = gc.threshold()
        gc.threshold(LOAD_THRESHOLD_BYTES)
        self.module: Module | None = None
        try:
            __import__(name)
            self.module = sys.modules[name]
        finally:
            gc.threshold(threshold_bytes)
            self._names = [loaded for loaded in sys.modules if loaded not in before]
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
        for name in self._names:
            sys.modules.pop(name, None)
            parent, _, child = name.rpartition(".")
            if hasattr(sys.modules.get(parent), child):
                delattr(sys.modules[parent], child)
        gc.collect()


TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType as Module
    from typing import Any
