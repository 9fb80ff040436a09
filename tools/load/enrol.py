"""What comes through no door of the back office quickly: keys of machines, as the factory leaves them, and cards, as
the issuing desk does. By the back office's own models and services, on its database, in a process that ends at once.
"""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlmodel import Session, insert

from backoffice.app import make_context
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.machines import service as machines
from backoffice.models import Batch, Card, Institution, Master, White
from backoffice.settings import Settings
from tools.demo.errors import DemoFailed
from tools.load.honest.journal import Identity

MASTER: Final = 1
WHITE: Final = 1
NOTHING: Final = bytes(64)
MEDIUM: Final = "classic1k"
ENROL_S: Final = 60.0


@dataclass(frozen=True)
class Enrolment:
    """Of one machine in its clinic."""

    identity: Identity
    institution_id: int


def enrol(folder: Path, wanted: Sequence[Enrolment]) -> None:
    """All of them. Raises DemoFailed."""
    process = multiprocessing.get_context("spawn").Process(target=_enrol, args=(folder, wanted), name="enrol")
    process.start()
    process.join(ENROL_S)
    if process.is_alive():
        process.kill()
    if process.exitcode != 0:
        raise DemoFailed(f"the machines could not be enrolled: the process ended with {process.exitcode}")


def _enrol(folder: Path, wanted: Sequence[Enrolment]) -> None:
    settings = Settings(database_url=f"sqlite:///{folder / 'perscan.db'}", keyring_path=folder / "keyring.json")
    context, now = make_context(settings), int(time.time())
    try:
        with transaction(context.engine) as session:
            _certify(session, sum(one.identity.credits for one in wanted), now)
            for number, one in enumerate(wanted, 1):
                _enrol_machine(context, session, one, number, now)
    finally:
        context.close()


def _certify(session: Session, quota: int, now: int) -> None:
    session.add(
        Master(id=MASTER, state="active", authority_key=NOTHING, kdf="none", next_credit=1 + quota, created_at=now)
    )
    session.flush()
    white = {"first_credit": 1, "quota": quota, "next_credit": 1 + quota, "expires": 0}
    session.add(White(id=WHITE, master_id=MASTER, issuer_key=NOTHING, certificate=b"white", created_at=now, **white))
    session.flush()


def _enrol_machine(context: Context, session: Session, one: Enrolment, number: int, now: int) -> None:
    of = one.identity
    machines.provision(session, context.keyring, of.machine_id, of.epoch, of.key, now)
    institution = session.get_one(Institution, one.institution_id)
    session.add(
        Batch(
            id=of.batch,
            white_id=WHITE,
            institution_code=institution.code,
            batch_number=number,
            first_credit=of.first_credit,
            count=of.credits,
            machine_id=of.machine_id,
            epoch=of.epoch,
            expires=0,
            state="signed",
            certificate=b"batch",
            created_at=now,
        )
    )
    session.flush()
    written = {"white_id": WHITE, "batch_id": of.batch, "medium": MEDIUM, "state": "written"}
    dated = {"created_at": now, "changed_at": now}
    rows = [{"level": "batch", "credit": None, "uid": f"b{of.batch:07x}", **written, **dated}]
    for credit in range(of.first_credit, of.first_credit + of.credits):
        rows.append({"level": "one_time", "credit": credit, "uid": f"c{credit:07x}", **written, **dated})
    session.execute(insert(Card), rows)
