"""The states of short messages, in and out. Everything here works in the caller's transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from protocol import links, uplink
from sqlmodel import Session

from backoffice.commands import service as commands
from backoffice.errors import (
    BackOfficeError,
    SmsCapReached,
    SmsNoNumber,
    SmsReplayed,
    SmsSuperseded,
    SmsTooMany,
    SmsUndelivered,
)
from backoffice.ingest.service import Taken
from backoffice.keyring import Keyring
from backoffice.machines import repository as machine_queries
from backoffice.machines import service as machines
from backoffice.models import Machine, SmsIn, SmsOut, SmsSetAside
from backoffice.pagination import Cursor
from backoffice.sms import numbers, repository
from backoffice.sms.handed_in import HandedIn
from backoffice.sms.platform import SMS_BYTES, Aside, parts_of
from backoffice.sms.repository import Traffic
from backoffice.sms.schemas import Direction, InState, OutKind, OutState, SmsAsideRead, SmsDay, SmsRead
from backoffice.timekeeping import service as timekeeping

DAY_S = 86400
MINUTE_S = 60
SAME_CONTENT_S = 150
"""The network's second copy of an SMS comes within this time; what comes later is a machine that had no answer: without
one it asks again after three minutes, in the same bytes if its clock is not set."""
UNDECIDED_FOR_S = 60
"""So long whoever took an SMS in may take to decide it; then the worker does."""
BACKOFF_FIRST_S = 15
BACKOFF_MAX_S = 1800
JITTER_PARTS = 4
"""Up to a quarter of the back-off is added, by the message's number: what failed together does not come together."""
CLOCKS_APART_MAX_S = 26 * 3600
"""So far the network's clock may be from ours, mostly by its time zone; a delivery report is matched by time."""
IN_FLIGHT_MAX_S = 600
"""Within this time a platform that was asked to send has answered."""
SENDER_MAX_CHARS, PLACE_MAX_CHARS, SHOWN_MAX_CHARS = 24, 16, 800
"""Of what is set aside."""
PUSH_ATTEMPTS_MAX = 3
PUSH_AGAIN_S = 900
FINAL_STATES = (OutState.DELIVERED.value, OutState.FAILED.value, OutState.EXPIRED.value)
RANK = {OutState.QUEUED.value: 0, OutState.SUBMITTED.value: 1, OutState.SENT.value: 2}
"""Reports of one SMS come in any order; its state only goes forward."""


# In.


def record(session: Session, platform: str, handed_in: HandedIn, per_minute: int, now: int) -> tuple[SmsIn, bool]:
    """Note that the platform handed this in; and whether it is still to be decided what becomes of it."""
    row = repository.known(session, platform, handed_in.identity)
    if row is not None:
        _note_again(session, row, handed_in, now)
        return row, row.state == InState.RECEIVED.value
    if repository.received_since(session, now - MINUTE_S) >= per_minute:
        raise SmsTooMany(retry_after_s=MINUTE_S)
    row = SmsIn(
        platform=platform,
        provider_id=handed_in.provider_id,
        identity=handed_in.identity,
        sender=handed_in.sender,
        received_at=now,
        handed_in_at=now,
        size_bytes=len(handed_in.data),
        digest=handed_in.digest,
        body=handed_in.data,
        next_at=now + UNDECIDED_FOR_S,
    )
    repository.add(session, row)
    if repository.answered_lately(session, row, now - SAME_CONTENT_S):
        _decide(row, InState.DUPLICATE)
    return row, row.state == InState.RECEIVED.value


def _note_again(session: Session, row: SmsIn, handed_in: HandedIn, now: int) -> None:
    """The same SMS again. If no answer was made for longer than a machine waits, it may be the machine that asks again,
    through a platform which gives every SMS the same number: it is decided anew, and stays one SMS. Also if it was
    refused: the machine may be known by now."""
    waited_s, row.handed_in_at = now - row.handed_in_at, now
    row.repeats += 1
    is_new_question = waited_s > SAME_CONTENT_S or row.state in (InState.TAKEN.value, InState.DUPLICATE.value)
    is_decided = row.state != InState.RECEIVED.value
    if is_decided and is_new_question and not repository.answer_made_since(session, row, now - SAME_CONTENT_S):
        row.state, row.body, row.next_at = InState.RECEIVED.value, handed_in.data, now + UNDECIDED_FOR_S


def refuse(session: Session, sms_id: int, error: BackOfficeError) -> SmsIn:
    """It is no genuine report, or one that may not come this way."""
    row = _in(session, sms_id)
    if row.state == InState.RECEIVED.value:
        _decide_against(row, error.code)
    return row


def postpone(session: Session, sms_id: int, error: BackOfficeError, now: int) -> None:
    """It cannot be decided now: later, and later each time, so that it keeps nobody else waiting."""
    row = _in(session, sms_id)
    if row.state == InState.RECEIVED.value:
        row.error = error.code
        row.tries += 1
        row.next_at = now + back_off_s(row.tries, sms_id)


def back_off_s(attempts: int, sms_id: int) -> int:
    """How long to wait after so many attempts."""
    wait_s = min(BACKOFF_FIRST_S << min(max(0, attempts - 1), 16), BACKOFF_MAX_S)
    return wait_s + (sms_id * 2654435761 % 997) * wait_s // (997 * JITTER_PARTS)


def settle(session: Session, sms_id: int, taken: Taken, per_machine_day: int, now: int) -> SmsIn:
    """Its report is stored: learn the machine's number, queue the answer.

    Somebody who recorded a genuine report may send it again from a phone of his own. It is stored once, but it moves
    the machine's number only if it is new, and is answered only if it is new, or comes from the machine's number, or no
    number of the machine is known: then it may be the machine, whose other link broke before the answer came.
    """
    row, machine = _in(session, sms_id), machines.find(session, taken.incoming.machine_id)
    if row.state != InState.RECEIVED.value:
        return row
    if taken.stored.fresh:
        machine.sms_number = row.sender
        _supersede(session, machine.id, OutKind.ACK, now)
    elif machine.sms_number and not numbers.same(machine.sms_number, row.sender):
        _decide_against(row, SmsReplayed.code)
        row.machine_id = machine.id
        return row
    row.machine_id = machine.id
    _decide(row, InState.TAKEN)
    answer = _new_out(machine.id, row.sender, OutKind.ACK, taken.sealed_ack(), now, sms_in_id=row.id)
    _queue(session, answer, per_machine_day, now)
    return row


def _decide(row: SmsIn, state: InState, error: str = "") -> None:
    row.state, row.error, row.body = state.value, error, None


def _decide_against(row: SmsIn, error: str) -> None:
    """One that was taken once, and came again, stays taken: it is not answered again, and that is all."""
    if row.machine_id is None:
        _decide(row, InState.REFUSED, error)
    else:
        _decide(row, InState.TAKEN)


def _in(session: Session, sms_id: int) -> SmsIn:
    row = repository.get_in(session, sms_id)
    if row is None:  # forgotten, because it was undecided for as long as lists go back
        raise BackOfficeError("the short message is gone")
    return row


# Out.


def push(
    session: Session, keyring: Keyring, machine_id: int, per_machine_day: int, now: int, *, urgent: bool
) -> SmsOut | None:
    """Send a machine its waiting commands now, unasked; raises SmsNoNumber. It replaces one that still waits.

    None when no command that waits fits an SMS, unless it is urgent: then it goes out for its acknowledgement alone.
    """
    machine = machines.find(session, machine_id)
    if not machine.sms_number:
        raise SmsNoNumber()
    key = machines.open_key(session, keyring, machine_id, machine.epoch)
    _supersede(session, machine_id, OutKind.PUSH, now)
    row = _new_out(machine_id, machine.sms_number, OutKind.PUSH, b"", now)
    _queue(session, row, per_machine_day, now)
    if row.state == OutState.QUEUED.value:
        ack = _unasked_ack(session, keyring, machine, now)
        if not (ack.commands or urgent):
            session.delete(row)
            return None
        row.body = uplink.seal_push(key, ack, row.id or 0)
        row.parts = parts_of(row.body)
    return row


def is_useful(machine: Machine, *, urgent: bool) -> bool:
    """Whether a push is worth its price: urgent, or the machine would hear of it by SMS anyway."""
    return bool(machine.sms_number) and (urgent or machine.transport == links.SMS)


def _unasked_ack(session: Session, keyring: Keyring, machine: Machine, now: int) -> uplink.Ack:
    chain = machine_queries.chain(session, machine.id, machine.epoch)
    seq, mac = (chain.contiguous_seq, chain.contiguous_mac) if chain else (0, b"")
    ack = uplink.Ack(seq, timekeeping.ask(session, now).handed_out, [], ack_mac=mac)
    ack.commands = commands.for_push(session, keyring, machine, ack, SMS_BYTES, uplink.TWO_SMS_BYTES, now)
    return ack


def _new_out(
    machine_id: int, number: str, kind: OutKind, body: bytes, now: int, sms_in_id: int | None = None
) -> SmsOut:
    return SmsOut(
        machine_id=machine_id,
        sms_in_id=sms_in_id,
        number=number,
        kind=kind.value,
        body=body,
        parts=parts_of(body),
        created_at=now,
        changed_at=now,
        next_at=now,
    )


def _queue(session: Session, row: SmsOut, per_machine_day: int, now: int) -> None:
    spent = repository.parts_since(session, row.machine_id, now - DAY_S)
    if spent + row.parts > per_machine_day:
        row.state, row.error = OutState.EXPIRED.value, SmsCapReached.code
    repository.add(session, row)


def _supersede(session: Session, machine_id: int, kind: OutKind, now: int) -> None:
    for older in repository.queued_for(session, machine_id, kind):
        _move(older, OutState.EXPIRED, now, SmsSuperseded.code)


def handed_over(session: Session, sms_id: int, platform: str, provider_id: str | None, now: int) -> None:
    """The platform has it. A delivery report may have been faster."""
    row = repository.get_out(session, sms_id)
    if row is not None:
        row.platform, row.provider_id, row.handed_over_at = platform, provider_id, now
        _forward(row, OutState.SUBMITTED, now)


def not_handed_over(session: Session, sms_id: int, error: BackOfficeError, now: int, *, final: bool) -> None:
    """The platform does not have it: later again, or never."""
    row = repository.get_out(session, sms_id)
    if row is not None and row.state == OutState.QUEUED.value:
        row.error = error.code
        if final:
            _move(row, OutState.FAILED, now, error.code)


def meant(rows: Sequence[SmsOut], provider_id: str, submitted_at: int, now: int) -> SmsOut | None:
    """Which of these (newest first) the platform's delivery report is about, or None when that cannot be said (yet).

    The platform's number comes again; so the SMS counts whose handing over was nearest to ``submitted_at``, the moment
    at which the network took it (0: nobody knows; then the newest). One that is on its way to the platform just now has
    no number yet: if the report may be its, it waits.
    """
    likely = [row for row in rows if _is_called(row, provider_id) or _in_flight(row, now)]
    if submitted_at:
        near = [row for row in likely if _apart_s(row, submitted_at) <= CLOCKS_APART_MAX_S]
        likely = sorted(near, key=lambda row: _apart_s(row, submitted_at))
    return likely[0] if likely and _is_called(likely[0], provider_id) else None


def _is_called(row: SmsOut, provider_id: str) -> bool:
    """As a whole, or as one of its parts: ``7-8-9``."""
    return row.provider_id is not None and provider_id in (row.provider_id, *row.provider_id.split("-"))


def _in_flight(row: SmsOut, now: int) -> bool:
    return row.state == OutState.QUEUED.value and (row.handed_over_at or 0) > now - IN_FLIGHT_MAX_S


def _apart_s(row: SmsOut, moment: int) -> int:
    return abs((row.handed_over_at or 0) - moment)


def report_delivery(row: SmsOut, state: OutState, now: int) -> None:
    """The network says what became of it. A push that did not arrive is sent again, so often and no more."""
    if row.state in FINAL_STATES and state != OutState.DELIVERED:
        return
    if state == OutState.FAILED and row.kind == OutKind.PUSH.value and row.attempts < PUSH_ATTEMPTS_MAX:
        row.next_at = now + PUSH_AGAIN_S
        _move(row, OutState.QUEUED, now, SmsUndelivered.code)
    elif state == OutState.FAILED:
        _move(row, OutState.FAILED, now, SmsUndelivered.code)
    else:
        _forward(row, state, now)


def _forward(row: SmsOut, state: OutState, now: int) -> None:
    if state == OutState.DELIVERED or (row.state in RANK and RANK[row.state] < RANK[state.value]):
        _move(row, state, now)


def _move(row: SmsOut, state: OutState, now: int, error: str = "") -> None:
    row.state, row.error, row.changed_at = state.value, error, now


# For people.


def traffic(session: Session, wanted: Traffic, limit: int, below: Cursor | None = None) -> list[SmsRead]:
    """Short messages in both directions, newest first, those below a place in the list."""
    return [SmsRead.model_validate(row) for row in repository.traffic(session, wanted, limit, below)]


def place(row: SmsRead) -> Cursor:
    """Where a short message stands in that list."""
    return row.at, repository.WAYS.index(row.direction), row.id


def aside_row(aside: Aside, now: int) -> SmsSetAside:
    """What is stored of an SMS that leaves the modem's memory."""
    return SmsSetAside(
        stored_at=now,
        reason=aside.reason,
        sender=aside.sender[:SENDER_MAX_CHARS],
        place=aside.place[:PLACE_MAX_CHARS],
        shown=aside.shown[:SHOWN_MAX_CHARS],
        digest=sha256(aside.shown.encode()).digest(),
    )


def set_aside(session: Session, limit: int, below: Cursor | None = None) -> list[SmsAsideRead]:
    """What left the modem's memory without being handed in, newest first."""
    return [SmsAsideRead.model_validate(row) for row in repository.those_set_aside(session, limit, below)]


def read_out(row: SmsOut) -> SmsRead:
    """An SMS that goes out, as the API shows it."""
    return SmsRead(
        direction=Direction.OUT,
        id=row.id or 0,
        at=row.created_at,
        machine_id=row.machine_id,
        number=row.number,
        kind=row.kind,
        state=row.state,
        platform=row.platform,
        parts=row.parts,
        attempts=row.attempts,
        error=row.error,
    )


def days(session: Session, now: int, count: int, *, shift_s: int = 0, machine_id: int | None = None) -> list[SmsDay]:
    """The last days' traffic, newest first; days without any are left out. ``shift_s``: the place's offset to UTC."""
    first = (now + shift_s) // DAY_S - count + 1
    since = first * DAY_S - shift_s
    found: dict[int, dict[str, Any]] = {}
    for counts in (repository.days_in, repository.days_out):
        for row in counts(session, since, shift_s, machine_id):
            found.setdefault(row.number, _no_traffic()).update(row._mapping)
    return [SmsDay(day=_date(number), **found[number]) for number in sorted(found, reverse=True)]


def _no_traffic() -> dict[str, Any]:
    return dict.fromkeys(SmsDay.model_fields.keys() - {"day"}, 0)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()
