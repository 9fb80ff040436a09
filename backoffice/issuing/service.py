"""Issuing in the database: ranges, batches, jobs and what became of every card."""

import hashlib
from collections.abc import Sequence
from typing import Any

from protocol import uplink
from sqlmodel import Session

from backoffice.authority import service as authority
from backoffice.cards import repository as card_rows
from backoffice.cards import service as cards
from backoffice.commands import service as commands
from backoffice.errors import (
    AlreadyExists,
    ConfirmationStale,
    InvalidInput,
    NotFound,
    QuotaExhausted,
    WrongState,
)
from backoffice.issuing import repository
from backoffice.issuing.schemas import BatchOrder, BatchPreview, BatchWish, JobRead, WhiteOrder
from backoffice.issuing.steps import NOTHING, SENTENCES
from backoffice.machines import service as machines
from backoffice.models import Batch, Card, Institution, IssuingJob, Machine, Master, White
from backoffice.pagination import CursorRequest

CREDIT_LIMIT = 1 << 32
RUNNING, PAUSED, CANCELLED, DONE = "running", "paused", "cancelled", "done"
WHITE, BATCH, ONE_TIME = "white", "batch", "one_time"
DRAWING, DRAWN, SIGNED = "drawing", "drawn", "signed"


def new_job(
    session: Session, now: int, kind: str, device_id: int, total: int, user_id: int, **subject: Any
) -> IssuingJob:
    """A job that is about to run."""
    job = IssuingJob(
        kind=kind, device_id=device_id, total=total, created_by=user_id, created_at=now, changed_at=now, **subject
    )
    repository.add(session, job)
    return job


def take_range(session: Session, master: Master, quota: int) -> int:
    """The next credits that no white card has; they are taken for ever."""
    first = master.next_credit
    check_range(first, quota)
    master.next_credit = first + quota
    session.add(master)
    return first


def check_range(first: int, quota: int) -> None:
    """Raises QuotaExhausted when credit numbers end before."""
    if first + quota > CREDIT_LIMIT:
        raise QuotaExhausted("credit numbers have 32 bits", left=CREDIT_LIMIT - first)


def check_white_order(order: WhiteOrder, now: int) -> None:
    """Before anybody looks for cards."""
    if order.expires and order.expires <= now:
        raise InvalidInput("these white cards would have expired already")


def preview(session: Session, wish: BatchWish, now: int) -> BatchPreview:
    """What would be issued, for which machine."""
    white = _usable_white(session, wish.white_id, now)
    machine, institution = _machine_and_institution(session, wish.machine_id)
    left = white.first_credit + white.quota - white.next_credit
    if wish.count > left:
        raise QuotaExhausted(f"white card {white.id} has {left} credits left", left=left)
    expires = _earlier(wish.expires, white.expires)
    if expires and expires <= now:
        raise InvalidInput("this batch would have expired already")
    # The next credit is one of the facts: an order that is sent twice is confirmed for one batch, not for two.
    facts = (white.id, white.next_credit, machine.id, machine.epoch, institution.code, wish.count, expires)
    return BatchPreview(
        white_id=white.id,
        machine_id=machine.id,
        machine_name=machine.name,
        machine_board=machine.unique_id,
        epoch=machine.epoch,
        institution_code=institution.code,
        institution_name=institution.name,
        count=wish.count,
        expires=expires,
        credits_left=left,
        confirmation=hashlib.sha256(repr(facts).encode()).hexdigest()[:12],
    )


def order_batch(session: Session, order: BatchOrder, user_id: int, now: int) -> IssuingJob:
    """Reserve the credits. They leave the white card's own counter before anything is signed."""
    seen = preview(session, order, now)
    if seen.confirmation != order.confirmation:
        raise ConfirmationStale()
    white = session.get_one(White, order.white_id)
    batch = Batch(
        id=repository.next_batch_id(session),
        white_id=white.id,
        institution_code=seen.institution_code,
        batch_number=repository.next_batch_number(session, seen.institution_code),
        first_credit=white.next_credit,
        count=order.count,
        machine_id=seen.machine_id,
        epoch=seen.epoch,
        expires=seen.expires,
        created_at=now,
    )
    repository.add(session, batch)
    white.next_credit += order.count
    job = new_job(session, now, BATCH, order.device_id, 1, user_id, white_id=white.id, batch_id=batch.id)
    cards.plan(
        session, now, level=BATCH, master_id=white.master_id, white_id=white.id, batch_id=batch.id, job_id=job.id
    )
    return job


def order_one_time(session: Session, device_id: int, batch_id: int, user_id: int, now: int) -> IssuingJob:
    """Plan every card of a batch: one row for each credit."""
    batch = find_batch(session, batch_id)
    card = card_rows.card_of(session, BATCH, batch_id)
    if batch.state != SIGNED or card is None or card.state != cards.WRITTEN:
        raise WrongState("the batch card is not written yet")
    if machines.find(session, batch.machine_id).epoch != batch.epoch:
        raise WrongState(f"machine {batch.machine_id} was initialised anew: it would refuse this batch")
    earlier = repository.job_of_batch(session, batch_id, ONE_TIME)
    if earlier is not None:
        raise AlreadyExists(f"job {earlier.id} makes these cards: resume it", job_id=earlier.id)
    white = session.get_one(White, batch.white_id)
    job = new_job(session, now, ONE_TIME, device_id, batch.count, user_id, white_id=batch.white_id, batch_id=batch_id)
    session.flush()
    common = {
        "level": ONE_TIME,
        "master_id": white.master_id,
        "white_id": white.id,
        "batch_id": batch_id,
        "job_id": job.id,
        "attempt": 1,
        "uid": "",
        "medium": "",
        "state": cards.PLANNED,
        "reason": "",
        "outcome": "",
        "warning": "",
        "created_at": now,
        "changed_at": now,
    }
    numbers = range(batch.first_credit, batch.first_credit + batch.count)
    repository.plan_credits(session, [{**common, "credit": credit} for credit in numbers])
    return job


def give_up(session: Session, card_id: int, now: int) -> Card:
    """A card that will not be finished: its content is void, because the plastic might be good somewhere."""
    card = cards.get(session, card_id)
    if card.state not in (cards.TORN, cards.PLANNED):
        raise WrongState(f"card {card_id} is {card.state}: only a torn or planned card can be given up")
    may_be_good = card.state == cards.TORN
    cards.failed(session, card, "given_up", cards.VOIDED, now)
    if may_be_good or card.level == BATCH:
        void(session, card, now)
    return card


def abandon(session: Session, job_id: int, now: int) -> IssuingJob:
    """A job that nobody will finish: what it did not write is void, and it is done."""
    job = find_job(session, job_id)
    if job.state not in (PAUSED, CANCELLED):
        raise WrongState(f"job {job_id} is {job.state}: only a paused or cancelled job can be abandoned")
    if job.kind == BATCH:
        _return_range(session, find_batch(session, job.batch_id or 0))
    for state in (cards.PLANNED, cards.TORN):
        for card in repository.cards_in(session, job_id, state):
            give_up(session, card.id or 0, now)
    settle(session, job, DONE, "abandoned", "the rest of this job was given up", now)
    return job


def _return_range(session: Session, batch: Batch) -> None:
    """Credits that never left the white card's counter go back, if they are the last that were taken."""
    white = session.get_one(White, batch.white_id)
    if batch.state == cards.PLANNED and white.next_credit == batch.first_credit + batch.count:
        white.next_credit = batch.first_credit


def skip_drawn(session: Session, white_id: int, next_credit: int) -> None:
    """The card's own counter is ahead: what lies before it was drawn, whatever this database remembers."""
    white = find_white(session, white_id)
    white.next_credit = max(white.next_credit, min(next_credit, white.first_credit + white.quota))


def void(session: Session, card: Card, now: int) -> None:
    """The plastic may be good and is not under our hands: its machine is told to refuse it."""
    if card.batch_id is None:
        return
    batch = find_batch(session, card.batch_id)
    may_work = machines.find(session, batch.machine_id).state != "retired"
    if card.level == BATCH:
        may_work = may_work and batch.state == SIGNED
        batch.state = CANCELLED
        if may_work:
            commands.order_by_system(session, batch.machine_id, uplink.REVOKE_BATCH, [batch.id], now)
    elif card.credit is not None and may_work:
        commands.order_by_system(session, batch.machine_id, uplink.REVOKE_CREDIT, [batch.id, card.credit], now)


def pause_interrupted(session: Session, now: int) -> int:
    """At the start of the server: what ran when the process ended waits to be resumed."""
    jobs = repository.running_jobs(session)
    for job in jobs:
        settle(session, job, PAUSED, "server_restarted", "the server was restarted during this job", now)
    return len(jobs)


def settle(session: Session, job: IssuingJob, state: str, code: str, message: str, now: int) -> None:
    """The job stops working. A card that was being written has to be seen again."""
    for card in repository.cards_in(session, job.id or 0, cards.WRITING):
        cards.torn(session, card, code or "interrupted", now)
    job.state, job.step, job.changed_at = state, NOTHING, now
    job.error_code, job.error_message = code[:40], message[:300]
    session.add(job)


def find_job(session: Session, job_id: int) -> IssuingJob:
    """One job."""
    job = session.get(IssuingJob, job_id)
    if job is None:
        raise NotFound(f"there is no issuing job {job_id}")
    return job


def find_batch(session: Session, batch_id: int) -> Batch:
    """One batch."""
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound(f"there is no batch {batch_id}")
    return batch


def find_white(session: Session, white_id: int) -> White:
    """One white card."""
    white = session.get(White, white_id)
    if white is None:
        raise NotFound(f"there is no white card {white_id}")
    return white


def jobs(session: Session, page: CursorRequest, state: str | None) -> Sequence[IssuingJob]:
    """Jobs, newest first."""
    return repository.jobs(session, page, state)


def read_job(session: Session, job: IssuingJob) -> JobRead:
    """A job and where it stands."""
    counts = card_rows.job_tally(session, job.id or 0)
    made: dict[str, Any] = {word: counts.get(word, 0) for word in (*cards.ALLOWED, cards.REISSUED, cards.VOIDED)}
    return JobRead(
        **job.model_dump(exclude={"created_by"}),
        prompt=SENTENCES[job.step],
        **made,
    )


def _usable_white(session: Session, white_id: int, now: int) -> White:
    white = find_white(session, white_id)
    card = card_rows.card_of(session, WHITE, white_id)
    if card is None or card.state != cards.WRITTEN:
        raise WrongState(f"white card {white_id} is not in use")
    if white.master_id != authority.active_master(session).id:
        raise WrongState(f"white card {white_id} descends from a retired master card")
    if white.expires and white.expires <= now:
        raise WrongState(f"white card {white_id} has expired")
    return white


def _machine_and_institution(session: Session, machine_id: int) -> tuple[Machine, Institution]:
    machine = machines.find(session, machine_id)
    if machine.role != "swipe" or machine.institution_id is None:
        raise InvalidInput(f"machine {machine_id} is no swipe machine of an institution")
    if machine.state == "retired" or machine.epoch == 0:
        raise WrongState(f"machine {machine_id} is {'retired' if machine.epoch else 'not initialised yet'}")
    return machine, session.get_one(Institution, machine.institution_id)


def _earlier(*moments: int) -> int:
    """The earliest of these, where 0 means never."""
    return min((moment for moment in moments if moment), default=0)
