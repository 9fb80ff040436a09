"""A way in a process of its own: the board's time is virtual, so two of them use two processors to the full."""

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty
from typing import Any, Final, NoReturn

from emulator.errors import EmulatorError
from tools.demo.errors import DemoFailed
from tools.uplinks.events import Event, Failed, Progress, Said
from tools.uplinks.run import run
from tools.uplinks.verdict import Outcome

LISTEN_S: Final = 0.5
STOP_S: Final = 15.0


def together(names: list[str], seed: int, debits: int, folder: Path, at_once: int, *, watched: bool) -> Iterator[Event]:
    """Run them, so many at once; every event as it comes. Each name ends with an Outcome or a Failed."""
    context = multiprocessing.get_context("spawn")
    events = context.Queue()
    waiting, open_names = list(names), set(names)
    with _ended_with_us() as running:
        while open_names:
            while waiting and len(running) < at_once:
                name = waiting.pop(0)
                home = folder / name
                home.mkdir(parents=True, exist_ok=True)
                process = context.Process(target=_work, args=(name, seed, debits, home, events, watched), name=name)
                process.start()
                running[name] = process
            for event in _heard(events, running):
                if isinstance(event, Outcome | Failed):
                    open_names.discard(event.way)
                    running.pop(event.way).join()
                yield event


def _heard(events: "multiprocessing.Queue[Event]", running: dict[str, BaseProcess]) -> Iterator[Event]:
    try:
        yield events.get(timeout=LISTEN_S)
    except Empty:
        for name, process in list(running.items()):
            if not process.is_alive() and events.empty():
                yield Failed(name, f"its process ended with {process.exitcode}")


@contextmanager
def _ended_with_us() -> Iterator[dict[str, BaseProcess]]:
    running: dict[str, BaseProcess] = {}
    try:
        yield running
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.join(STOP_S)


def _work(name: str, seed: int, debits: int, folder: Path, events: Any, watched: bool) -> None:
    for polite in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(polite, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the play, which ends us itself
    try:
        outcome = run(
            name,
            seed,
            debits,
            folder,
            lambda words: events.put(Said(name, words)),
            lambda made, happened: events.put(Progress(name, made, debits, happened)),
            watched=watched,
        )
    except (DemoFailed, EmulatorError, AssertionError, OSError) as failed:
        events.put(Failed(name, f"{type(failed).__name__}: {failed}"))
    else:
        events.put(outcome)


def _leave(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)
