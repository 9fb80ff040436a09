"""The programme of the evening: everything that `make demo` does, in its order."""

import json
import signal
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from client.words import of_reason
from emulator.checkers.journal_on_flash import read_journal
from tools.demo.bench import MASTER_ISSUER, SWIPE, Bench
from tools.demo.day import Day
from tools.demo.errors import DemoFailed
from tools.demo.method import Clinic, perform, supply
from tools.demo.operator import Operator, new_password
from tools.demo.say import Narrator
from tools.demo.server import Server
from tools.demo.sides import Told
from tools.demo.verdict import Verdict, compare

EXAMS_ONCE = 20
EXAMS_IN_STOCK = 60
ADMINISTRATOR = "admin"
REPORT_PATIENCE_LOOKS = 300
LOOK_MS = 100


def play(*, once: bool, seed: int, folder: Path | None) -> int:
    """Exit code: 0 when all sides agree and nothing was lost or counted twice."""
    say = Narrator()
    for polite in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(polite, _leave)  # so that the server and the machines end with us
    with ExitStack() as stack:
        home = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="perscan-demo-")))
        home.mkdir(parents=True, exist_ok=True)
        try:
            return _play(stack, say, home, once=once, seed=seed)
        except DemoFailed as failed:
            say.error(str(failed))
            return 1
        except KeyboardInterrupt:
            say.plain("Good night.")
            return 0


def _leave(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _play(stack: ExitStack, say: Narrator, home: Path, *, once: bool, seed: int) -> int:
    say.title("Perscan: the whole way of a card")
    server = stack.enter_context(Server(home))
    try:
        return _evening(stack, say, server, once=once, seed=seed)
    except DemoFailed:
        say.log(server.log_text())
        raise


def _evening(stack: ExitStack, say: Narrator, server: Server, *, once: bool, seed: int) -> int:
    password = new_password()
    operator = Operator.first_administrator(server.url, server.setup_token, ADMINISTRATOR, password)
    stack.callback(operator.close)
    say.plain(f"Back office: {server.url}   log in as {ADMINISTRATOR} with the password {password}")
    bench = stack.enter_context(Bench(seed))
    say.plain(f"Three machines are on: {', '.join(bench.machines)} (seed {seed})")
    clinic = Clinic(operator, bench, say, urlsplit(server.url).port or 0, EXAMS_ONCE if once else EXAMS_IN_STOCK)
    perform(clinic)
    say.title("A day at the clinic")
    if not once:
        _where_to_look(say, server.url, clinic)
    told = Told()
    day = Day(
        bench, say, clinic.swipe_url, list(clinic.cards), clinic.other_cards, once, supply=partial(supply, clinic)
    )
    try:
        day.run(EXAMS_ONCE if once else None, after_each=lambda: _read_journal(bench, told))
    except KeyboardInterrupt:
        say.plain("The day is over. Waiting for the machine's last report ...")
    return _close(say, _verdict(clinic, day, server, told))


def _where_to_look(say: Narrator, url: str, clinic: Clinic) -> None:
    machine_id = clinic.machine_ids[SWIPE]
    say.plain("Open these and watch them change while you read on; Ctrl-C ends the day.")
    say.detail(f"{url}/            use by day and by institution, the latest exams")
    say.detail(f"{url}/machines/{machine_id}  the swipe machine: health, and every entry of its journal")
    say.detail(f"{url}/usage       each exam, and where its card came from")
    say.detail(f"{url}/issuing     the jobs that made the cards")
    assert clinic.master is not None
    clinic.desks[MASTER_ISSUER].leave(clinic.master)
    say.plain(
        f"Lock the machine, if you like: the master card lies on the master-card issuer, its PIN is "
        f"{clinic.authority_pin}. Or refuse cards, or change settings: the day goes on."
    )


def _read_journal(bench: Bench, told: Told) -> None:
    with bench.world.lock:
        told.note(read_journal(bench.machines[SWIPE].board.flash.image()))


def _verdict(clinic: Clinic, day: Day, server: Server, told: Told) -> Verdict:
    """Wait until the machine has reported everything, then look at all sides."""
    machine_id, acked = clinic.machine_ids[SWIPE], 0
    for _ in range(REPORT_PATIENCE_LOOKS):
        _read_journal(clinic.bench, told)
        states = clinic.operator.get(f"/api/v1/machines/{machine_id}/journal-state")
        acked = states[0]["contiguous_seq"] if states else 0
        if told.entries and acked >= told.last_seq:
            break
        clinic.bench.wait(LOOK_MS)
    else:
        clinic.say.plain("The machine has not sent everything yet: it reports as seldom as its settings say.")
    return compare(clinic.written_cards, told, day.refused, server.database, machine_id, acked)


def _close(say: Narrator, verdict: Verdict) -> int:
    say.title("The verdict: cards, machine and database, each counted on its own side")
    rows = [
        ("one-time cards issued", str(verdict.issued)),
        ("debited", str(verdict.debited)),
        *[(f"refused: {of_reason(reason)}", str(count)) for reason, count in verdict.refused.items()],
        ("journal entries acknowledged", str(verdict.acked)),
        ("lost", str(verdict.lost)),
        ("counted twice", str(verdict.double)),
    ]
    say.table("", rows)
    for finding in verdict.findings:
        say.error(finding)
    say.result(json.dumps(verdict.line()))
    return 1 if verdict.findings or verdict.lost or verdict.double else 0
