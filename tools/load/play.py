"""The programme: a server and its siege (`siege.py`), a table, the verdict (`verdict.py`)."""

import json
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from tools.demo.errors import DemoFailed
from tools.demo.say import Narrator
from tools.load.crew import Crew, Died
from tools.load.figures import HEADINGS, LEGEND, row
from tools.load.hostile.kinds import KINDS
from tools.load.office import opened
from tools.load.scale import Scale
from tools.load.siege import Siege
from tools.load.verdict import Verdict, judge


def play(*, part: float, seed: int, only: list[str], health_times: float, folder: Path | None) -> int:
    """Exit code: 0 when every goal was met."""
    say = Narrator()
    for polite in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(polite, _leave)  # so that the server and everybody else end with us
    with ExitStack() as stack:
        home = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="perscan-load-")))
        home.mkdir(parents=True, exist_ok=True)
        scale, kinds = Scale.of(part), [name for name in KINDS if not only or name in only]
        try:
            _introduce(say, scale, kinds)
            server = stack.enter_context(opened(home))
            crew = stack.enter_context(Crew())
            siege = Siege(say, scale, kinds, seed, server, crew)
            return _close(siege, judge(siege.run(), health_times))
        except (DemoFailed, Died) as failed:
            say.error(str(failed))
            return 1
        except KeyboardInterrupt:
            say.plain("Stopped before the verdict.")
            return 1


def _leave(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _introduce(say: Narrator, scale: Scale, kinds: Sequence[str]) -> None:
    say.title("Perscan: under load")
    say.plain(
        f"{scale.hostile} hostile connections of each of {len(kinds)} kinds, one kind after the other and then all at"
        f" once, beside {scale.machines} honest machines and {scale.pages} pages. Everything stays on this computer."
    )


def _close(siege: Siege, verdict: Verdict) -> int:
    say = siege.say
    say.title("The verdict: what honest ones got, and what is stored")
    now_s = time.monotonic()
    say.grid(HEADINGS, [row(siege.ledger, phase, now_s) for phase in siege.phases])
    say.detail(LEGEND)
    for miss in verdict.misses:
        say.error(miss)
    if not verdict.misses:
        say.good("Every honest report is stored once, health kept its time, and memory its measure")
    say.result(json.dumps(verdict.line()))
    return 1 if verdict.misses else 0
