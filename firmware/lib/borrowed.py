"""Code that is needed for a moment only: loaded from flash, used, and given back to the heap.

What a board does all day stays in memory; everything else brings its code when its time comes. Only what was not there
before goes again.
"""

import gc
import sys

LOAD_THRESHOLD_BYTES = 2048  # as in boot.py


class Borrowed:
    """One module, with everything that it loads. A context manager; or give_back() by hand, when a task has to wait.

    Only modules that nothing else keeps a reference to may be borrowed: an exception class that outlives its module
    would be another class the next time."""

    def __init__(self, name: str) -> None:
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
