"""A service card at the desk: its reports go in like any others, answers and orders go back onto it.

The card is a letter box that anybody may open, so it proves nothing: every report is authenticated by its own seal,
and storing one twice changes nothing. Only what is stored for good leaves the card; what could not be taken stays on
it, and the summary says why.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from protocol import links, mailbox, uplink
from protocol.mailbox import Frame
from sqlmodel import Session

from backoffice.cards import service as cards
from backoffice.commands import service as commands
from backoffice.devices import contact
from backoffice.devices.issuer import Issuer
from backoffice.errors import (
    CardInUse,
    NotFound,
    ServiceCardFull,
    UplinkChainBroken,
    UplinkMalformed,
    UplinkNotAuthentic,
    UplinkUnknownMachine,
    WrongCard,
)
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.service import NO_ANSWER_BYTES, Ingest
from backoffice.machines import repository as machine_queries
from backoffice.machines import service as machines
from backoffice.models import Device, Machine
from backoffice.timekeeping import service as timekeeping
from backoffice.workshop import Workshop

KIND = "service"
MAKEABLE = ("blank", "torn", KIND)
NOT_THIS_ONE = (UplinkMalformed, UplinkNotAuthentic, UplinkUnknownMachine, UplinkChainBroken)
"""What is wrong with one report says nothing about the others."""


@dataclass
class MachineVisit:
    """What the card brought from one machine, and takes back to it."""

    machine_id: int
    reports: int = 0
    entries: int = 0
    fresh: int = 0
    """Reports with entries that were not known before."""
    ack_seq: int = 0
    orders: int = 0


@dataclass(frozen=True)
class Trouble:
    """Why a report could not be taken, or an answer not be written."""

    machine_id: int
    code: str
    message: str


@dataclass
class Visit:
    """One card at the desk."""

    uid: bytes
    medium: str
    machines: dict[int, MachineVisit] = field(default_factory=dict)
    errors: list[Trouble] = field(default_factory=list)
    room_bytes: int = 0
    """The longest message that would still fit."""

    def of(self, machine_id: int) -> MachineVisit:
        return self.machines.setdefault(machine_id, MachineVisit(machine_id))

    def trouble(self, machine_id: int, code: str, message: str) -> None:
        self.errors.append(Trouble(machine_id, code, message))


@dataclass(frozen=True)
class Letter:
    """A report on the card, opened."""

    frame: Frame
    incoming: Incoming


def exchange(
    workshop: Workshop, issuer: Issuer, device: Device, timeout_ms: int, also_for: Sequence[int] = ()
) -> Visit:
    """Read the card, take its reports, write answers and orders back. The same again after any failure is safe.

    ``also_for``: machines that the courier will visit although nothing of theirs is on the card.
    """
    contact.greet(workshop, issuer, device)
    shown = contact.wait_for(issuer, KIND, timeout_ms)
    visit = Visit(shown.uid, shown.medium)
    store = issuer.read_service(shown.uid)
    frames = mailbox.frames(store)
    taken = _take_reports(workshop.context.ingest, frames, visit)
    readers = {frame.machine_id for frame in frames if frame.kind == mailbox.PUSH} | set(also_for)
    written = _answered(workshop, store, [frame for frame in frames if frame not in taken], readers, visit)
    if written != store:
        issuer.write_service(shown.uid, written)
    return visit


def make(workshop: Workshop, issuer: Issuer, device: Device, timeout_ms: int) -> tuple[bytes, int]:
    """Make a blank card a service card, or a service card an empty one: (UID, bytes of its store)."""
    contact.greet(workshop, issuer, device)
    shown = issuer.wait_card(timeout_ms)
    if shown.kind not in MAKEABLE:
        raise WrongCard(f"a blank card is needed here, this is a {shown.kind} card", kind=shown.kind)
    with workshop.reading() as session:
        if cards.live_on(session, shown.uid) is not None:
            raise CardInUse("this card belongs to an issuing job: finish or void it there")
    return shown.uid, issuer.format_service(shown.uid)


# Reports


def _take_reports(ingest: Ingest, frames: Iterable[Frame], visit: Visit) -> list[Frame]:
    """Store every report that can be stored; their frames."""
    return asyncio.run(_take_in_order(ingest, [frame for frame in frames if frame.kind == mailbox.UP], visit))


async def _take_in_order(ingest: Ingest, frames: Iterable[Frame], visit: Visit) -> list[Frame]:
    letters = [letter for frame in frames if (letter := await _opened(ingest, frame, visit))]
    # A machine fills whatever gap fits, so its reports may lie in any order.
    letters.sort(key=lambda letter: (letter.incoming.machine_id, letter.incoming.report.first_seq))
    return [letter.frame for letter in letters if await _stored(ingest, letter, visit)]


async def _opened(ingest: Ingest, frame: Frame, visit: Visit) -> Letter | None:
    try:
        return Letter(frame, await ingest.open(frame.message))
    except NOT_THIS_ONE as error:
        visit.trouble(frame.machine_id, error.code, error.message)
        return None


async def _stored(ingest: Ingest, letter: Letter, visit: Visit) -> bool:
    machine_id = letter.incoming.machine_id
    try:
        taken = await ingest.take_incoming(letter.frame.message, NO_ANSWER_BYTES, link=links.CARD)
    except NOT_THIS_ONE as error:
        visit.trouble(machine_id, error.code, error.message)
        return False
    summary = visit.of(machine_id)
    summary.reports += 1
    summary.entries += len(taken.incoming.entries)
    summary.fresh += taken.stored.fresh
    return True


# Answers


def _answered(workshop: Workshop, store: bytes, kept: list[Frame], readers: set[int], visit: Visit) -> bytes:
    """The store as it leaves the desk: without the reports that were taken, with a push for every machine concerned."""
    for_machines = _known(workshop, readers | set(visit.machines))
    kept = [frame for frame in kept if frame.kind != mailbox.PUSH or frame.machine_id not in for_machines]
    content = bytearray(len(store))
    for frame in kept:
        _copy(content, frame.unit, _bytes_of(store, frame))
    places = [frame.place() for frame in kept]
    for machine_id in for_machines:
        _answer(workshop, content, places, machine_id, visit)
    visit.room_bytes = _room_bytes(content, places)
    return bytes(content)


def _known(workshop: Workshop, machine_ids: Iterable[int]) -> list[int]:
    """Those of these machines that are ours: a card may carry letters of another system."""
    with workshop.reading() as session:
        return sorted(number for number in machine_ids if session.get(Machine, number) is not None)


def _answer(
    workshop: Workshop, content: bytearray, places: list[tuple[int, int]], machine_id: int, visit: Visit
) -> None:
    try:
        # Orders that find no room are not sent: the transaction knows.
        with workshop.begin() as session:
            message, orders, ack_seq = _push(workshop, session, machine_id, _room_bytes(content, places))
            unit = mailbox.place(len(content), places, len(message))
            if unit is None:
                raise ServiceCardFull()
    except (NotFound, ServiceCardFull) as error:
        visit.trouble(machine_id, error.code, error.message)
        return
    _copy(content, unit, mailbox.encode(mailbox.PUSH, machine_id, message))
    places.append((unit, mailbox.units_of(len(message))))
    summary = visit.of(machine_id)
    summary.orders, summary.ack_seq = orders, ack_seq


def _push(workshop: Workshop, session: Session, machine_id: int, room_bytes: int) -> tuple[bytes, int, int]:
    """(sealed push, orders in it, what it acknowledges)."""
    machine: Machine = machines.find(session, machine_id)
    keyring = workshop.context.keyring
    key = machines.open_key(session, keyring, machine_id, machine.epoch)
    chain = machine_queries.chain(session, machine_id, machine.epoch)
    now = workshop.now()
    seq, mac = (chain.contiguous_seq, chain.contiguous_mac) if chain else (0, b"")
    ack = uplink.Ack(seq, timekeeping.ask(session, now).handed_out, [], ack_mac=mac)
    ack.commands = commands.for_push(session, keyring, machine, ack, room_bytes, room_bytes, now)
    return uplink.seal_push(key, ack, now), len(ack.commands), seq


def _bytes_of(store: bytes, frame: Frame) -> bytes:
    start = frame.unit * mailbox.UNIT_BYTES
    return store[start : start + frame.units * mailbox.UNIT_BYTES]


def _copy(content: bytearray, unit: int, data: bytes) -> None:
    content[unit * mailbox.UNIT_BYTES : unit * mailbox.UNIT_BYTES + len(data)] = data


def _room_bytes(content: bytearray, places: list[tuple[int, int]]) -> int:
    return max((mailbox.room_bytes(units) for _, units in mailbox.gaps(len(content), places)), default=0)
