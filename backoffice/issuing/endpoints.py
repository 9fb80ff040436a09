"""HTTP: issuing."""

from typing import Annotated, Any

from fastapi import Query

from backoffice.accounts.access import IssuerDep, ViewerDep
from backoffice.cards import repository as card_rows
from backoffice.cards.schemas import CardRead
from backoffice.deps import NowDep, SessionDep
from backoffice.devices import service as devices
from backoffice.issuing import checking, repository, runner, service, stock
from backoffice.issuing.schemas import (
    BatchOrder,
    BatchPreview,
    BatchRead,
    BatchWish,
    CardCheck,
    CardRecover,
    CardVerified,
    JobRead,
    JobResume,
    OneTimeOrder,
    StockRow,
    WhiteOrder,
    WhiteRead,
)
from backoffice.models import Batch, Card, Device, IssuingJob, White
from backoffice.pagination import Cursor, CursorDep, Page, make_cursor_page
from backoffice.routing import Router
from backoffice.workshop import AtDeskDep, DeskAdministratorDep, DeskIssuerDep, Workshop, WorkshopDep

router = Router(prefix="/api/v1/issuing", tags=["issuing"])


@router.post("/white", status_code=202)
def start_white(order: WhiteOrder, viewer: DeskAdministratorDep, workshop: WorkshopDep) -> JobRead:
    """White cards in bulk, on a master-card issuer, while the authority's session is open."""
    return runner.start_white(workshop, viewer, order)


@router.get("/white")
def list_whites(_viewer: IssuerDep, session: SessionDep, page: CursorDep) -> Page[WhiteRead]:
    """White cards and what is left of their ranges, newest first."""
    rows = repository.whites(session, page)
    return make_cursor_page(
        rows, page, lambda white: read_white(white, card_rows.card_of(session, "white", white.id)), _place
    )


@router.post("/batch/preview")
def preview_batch(wish: BatchWish, _viewer: IssuerDep, session: SessionDep, now: NowDep) -> BatchPreview:
    """What would be issued, for which machine: to be looked at and confirmed."""
    return service.preview(session, wish, now)


@router.post("/batch", status_code=202)
def start_batch(order: BatchOrder, viewer: DeskIssuerDep, workshop: WorkshopDep) -> JobRead:
    """One batch card, on a child-card issuer: white card and PIN, then a blank card."""
    return runner.start_batch(workshop, viewer, order)


@router.get("/batch")
def list_batches(
    _viewer: IssuerDep,
    session: SessionDep,
    page: CursorDep,
    institution_code: Annotated[int | None, Query(ge=1)] = None,
) -> Page[BatchRead]:
    """Batches, newest first."""
    rows = repository.batches(session, page, institution_code)
    return make_cursor_page(
        rows, page, lambda batch: read_batch(batch, card_rows.card_of(session, "batch", batch.id)), _place
    )


@router.post("/one-time", status_code=202)
def start_one_time(order: OneTimeOrder, viewer: DeskIssuerDep, workshop: WorkshopDep) -> JobRead:
    """All one-time cards of a batch, on a child-card issuer: batch card and PIN, then blank cards."""
    return runner.start_one_time(workshop, viewer, order)


@router.get("/jobs")
def list_jobs(
    _viewer: IssuerDep, session: SessionDep, page: CursorDep, state: Annotated[str | None, Query(max_length=16)] = None
) -> Page[JobRead]:
    """Jobs, newest first."""
    rows = service.jobs(session, page, state)
    return make_cursor_page(rows, page, lambda job: service.read_job(session, job), _place)


@router.get("/jobs/{job_id}")
def get_job(job_id: int, _viewer: IssuerDep, session: SessionDep) -> JobRead:
    """A job and where it stands."""
    return service.read_job(session, service.find_job(session, job_id))


@router.post("/jobs/{job_id}/cancel")
def cancel_job(job_id: int, _viewer: DeskIssuerDep, workshop: WorkshopDep) -> JobRead:
    """Stop a job after the card that is being written. It can be resumed."""
    runner.cancel(workshop, job_id)
    return _job(workshop, job_id)


@router.post("/jobs/{job_id}/resume", status_code=202)
def resume_job(job_id: int, wanted: JobResume, viewer: DeskIssuerDep, workshop: WorkshopDep) -> JobRead:
    """Go on with a job that is paused or cancelled."""
    return runner.resume(workshop, viewer, job_id, wanted)


@router.post("/jobs/{job_id}/abandon")
def abandon_job(job_id: int, _viewer: IssuerDep, session: SessionDep, now: NowDep) -> JobRead:
    """Nobody will finish this job: what it did not write is void."""
    return service.read_job(session, service.abandon(session, job_id, now))


@router.post("/cards/{card_id}/give-up")
def give_up_card(card_id: int, _viewer: DeskIssuerDep, workshop: WorkshopDep) -> CardRead:
    """A torn card is lost: its content is void, and its machine is told to refuse it."""
    with workshop.begin() as session:
        card = service.give_up(session, card_id, workshop.now())
    runner.nudge(workshop, card.job_id)
    return CardRead.of(card)


@router.post("/verify")
def verify_card(wanted: CardCheck, viewer: DeskIssuerDep, workshop: WorkshopDep, at_desk: AtDeskDep) -> CardVerified:
    """What is the card on this reader, and is it genuine?"""
    device = _reader(workshop, wanted.device_id)
    return at_desk.do(
        device,
        f"{viewer.login} (verify)",
        lambda issuer: checking.verify(workshop, issuer, device, wanted.timeout_ms),
    )


@router.post("/recover")
def recover_card(
    wanted: CardRecover, viewer: DeskAdministratorDep, workshop: WorkshopDep, at_desk: AtDeskDep
) -> CardRead:
    """Make a torn or unused one-time card blank again; its content is planned anew, or void."""
    device = _reader(workshop, wanted.device_id)
    card = at_desk.do(
        device,
        f"{viewer.login} (recover)",
        lambda issuer: checking.recover(
            workshop, issuer, device, viewer.user_id, wanted.timeout_ms, reissue=wanted.reissue
        ),
    )
    return CardRead.of(card)


@router.get("/stock")
def get_stock(viewer: ViewerDep, session: SessionDep) -> list[StockRow]:
    """Cards left at each institution that one may see."""
    return stock.of_institutions(session, viewer.institution_ids)


def read_white(white: White, card: Card | None) -> WhiteRead:
    """A white card as the API shows it."""
    return WhiteRead(
        **white.model_dump(include={"id", "master_id", "first_credit", "quota", "next_credit", "expires"}),
        left=white.first_credit + white.quota - white.next_credit,
        **_plastic(card),
    )


def read_batch(batch: Batch, card: Card | None) -> BatchRead:
    """A batch as the API shows it."""
    return BatchRead(**batch.model_dump(exclude={"certificate"}), **_plastic(card))


def _place(row: White | Batch | IssuingJob) -> Cursor:
    return (row.id or 0,)


def _plastic(card: Card | None) -> dict[str, Any]:
    if card is None:
        return {"uid": "", "card_state": "", "warning": ""}
    return {"uid": card.uid, "card_state": card.state, "warning": card.warning}


def _reader(workshop: Workshop, device_id: int) -> Device:
    with workshop.reading() as session:
        return devices.usable(session, device_id, "master_issuer", "child_issuer")


def _job(workshop: Workshop, job_id: int) -> JobRead:
    with workshop.reading() as session:
        return service.read_job(session, service.find_job(session, job_id))
