"""One way, from the factory to the verdict."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from emulator.kit import TestAuthority
from emulator.world import World
from tools.demo.errors import DemoFailed
from tools.uplinks.clinic import Clinic
from tools.uplinks.office import ADMINISTRATOR, EPOCH, FIRST_CREDIT, MACHINE, Office
from tools.uplinks.scenario import visits
from tools.uplinks.verdict import Evidence, Outcome, judge
from tools.uplinks.ways import WAYS
from tools.uplinks.ways.way import Stage, Way

PATIENCE_MS: Final = 5_000  # real, for a server on a busy computer: who is given up costs virtual minutes

Tell = Callable[[str], None]
Progress = Callable[[int, Counter[str]], None]


def run(
    name: str, seed: int, debits: int, folder: Path, tell: Tell, progress: Progress, *, watched: bool = False
) -> Outcome:
    """The whole of it. ``progress`` hears of debits made and of what became of the messages so far; ``watched`` =
    somebody may want to look into the back office meanwhile."""
    began_s = time.monotonic()
    authority = TestAuthority(seed)
    with ExitStack() as stack:
        world = stack.enter_context(World(seed=seed))
        world.network_patience_ms = PATIENCE_MS
        office = Office(folder, authority.machine_key(MACHINE, EPOCH), debits, lambda: world.unix_time)
        stack.callback(office.close)
        way = WAYS[name](Stage(world, office, debits, tell))
        stack.callback(way.close)
        office.configure(way.office_settings())
        office.start()
        if watched:
            _invite(office, tell)
        try:
            clinic = Clinic.open(world, authority, debits, way.prepare, way.settings())
            _days(way, clinic, seed, debits, progress)
            outcome = _verdict(way, clinic, office, debits)
        except DemoFailed as failed:
            raise DemoFailed(f"{failed}\n{office.log}") from failed
    return replace(outcome, seconds_real=time.monotonic() - began_s)


def _invite(office: Office, tell: Tell) -> None:
    _operator, password = office.administrator()
    tell(
        f"watch it at {office.url}/machines/{MACHINE}, log in as {ADMINISTRATOR} with {password}"
        " (the certificate is of an authority of its own: your browser will warn)"
    )


def _days(way: Way, clinic: Clinic, seed: int, debits: int, progress: Progress) -> None:
    way.ready(clinic)
    for number, visit in enumerate(visits(seed, debits, FIRST_CREDIT), 1):
        clinic.receive(visit)
        way.stage.office.tell_time()
        way.after(number, debits)
        progress(number, way.carried().what_happened)
    clinic.await_delivery(way.looks_max, way.wait)


def _verdict(way: Way, clinic: Clinic, office: Office, debits: int) -> Outcome:
    seconds_virtual = clinic.elapsed_s
    way.finish()
    clinic.look()
    wanted, done = way.kills
    evidence = Evidence(
        clinic.cards,
        clinic.told,
        office.database,
        MACHINE,
        clinic.told.last_seq - clinic.pending(),
        office.open_alerts(),
        wanted,
        done,
    )
    outcome = judge(way.name, debits, evidence, way.carried(), seconds_virtual)
    return replace(outcome, findings=[*outcome.findings, *way.findings()])
