# Runs on the board when a test asks for it: who takes how much of the heap.
import builtins
import gc
import sys

import _link
from micropython import const

_HEAP = const(0x0C)


def watch() -> None:
    # Live bytes after each import, less what its own imports took, and the most that was live at any request.
    importing = []  # bytes that the imports inside the current one took
    original = builtins.__import__
    seen = set(sys.modules)
    peak = 0

    def load(name: str, *arguments):  # type: ignore[no-untyped-def]
        if name in seen or (len(arguments) > 3 and arguments[3]):
            return original(name, *arguments)
        seen.add(name)
        gc.collect()
        before = gc.mem_alloc()
        importing.append(0)
        module = original(name, *arguments)
        gc.collect()
        took = gc.mem_alloc() - before
        own = took - importing.pop()
        if importing:
            importing[-1] += took
        _link.put(_HEAP, 0, "import {} {}".format(name, own).encode())
        return module

    def sample() -> None:
        nonlocal peak
        gc.collect()
        live = gc.mem_alloc()
        if live > peak:
            peak = live
            _link.put(_HEAP, 0, "peak {} {}".format(live, gc.mem_free()).encode())

    builtins.__import__ = load  # type: ignore[assignment]
    _link.probe = sample
