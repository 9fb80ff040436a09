"""Issuing: jobs with their progress, and every card that failed."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import HTMLResponse

from backoffice.accounts.access import RequireRole
from backoffice.accounts.roles import Role
from backoffice.authority.pins import PIN_CHARS_MIN
from backoffice.errors import NotFound
from backoffice.pagination import Cursor
from backoffice.routing import Router
from backoffice.web.page import Desk, DeskDep
from backoffice.web.pages.filters import ROWS_A_PAGE, NewerDep, NumberInPath, OlderDep, cursor_pager
from backoffice.web.reads import jobs
from backoffice.web.views import Choice, Refusal, address
from backoffice.web.wording import JOB_STEPS, OUTCOMES, PROBLEMS, REASONS, spoken

router = Router(prefix="/issuing", include_in_schema=False, dependencies=[Depends(RequireRole(Role.ISSUER))])

STATES = {"active": jobs.ACTIVE, "done": ("done", "cancelled"), "all": ()}


@router.get("")
def issuing(
    desk: DeskDep,
    older_than: OlderDep,
    newer_than: NewerDep,
    state: Annotated[str, Query(pattern="^(active|done|all)$")] = "all",
) -> HTMLResponse:
    return jobs_page(desk, older_than, newer_than, state)


def jobs_page(
    desk: Desk,
    older_than: Cursor | None = None,
    newer_than: Cursor | None = None,
    state: str = "all",
    refusal: Refusal | None = None,
) -> HTMLResponse:
    """The list of jobs; ``refusal`` = the order that this page answers."""
    shown = jobs.listed(desk.session, STATES[state], ROWS_A_PAGE, older_than, newer_than)
    waiting = jobs.batches_without_cards(desk.session)
    return desk.page(
        "pages/issuing.html",
        "issuing",
        state=state,
        state_choices=_state_choices(desk),
        jobs=shown.rows,
        pages=cursor_pager("/issuing", shown.newer_than, shown.older_than, state=state),
        weak_medium=jobs.weak_cards_exist(desk.session),
        refusal=refusal,
        waiting_batches=waiting[: jobs.BATCHES_MAX],
        more_waiting=len(waiting) > jobs.BATCHES_MAX,
        readers=jobs.readers(desk.session),
        pin_least=PIN_CHARS_MIN,
        job_steps=spoken(desk.words, JOB_STEPS),
        reason_names=spoken(desk.words, {**REASONS, **PROBLEMS}),
    )


@router.get("/{job_id}")
def job(desk: DeskDep, job_id: NumberInPath) -> HTMLResponse:
    return job_page(desk, job_id)


def job_page(desk: Desk, job_id: int, refusal: Refusal | None = None) -> HTMLResponse:
    """Everything about one job; ``refusal`` = the order that this page answers."""
    found = jobs.one(desk.session, job_id)
    if found is None:
        raise NotFound()
    return desk.page(
        "pages/job.html",
        "issuing",
        job=found,
        refusal=refusal,
        pin_least=PIN_CHARS_MIN,
        outcomes=spoken(desk.words, OUTCOMES),
        failures=jobs.failures(desk.session, job_id),
        reason_names=spoken(desk.words, {**REASONS, **PROBLEMS}),
        job_steps=spoken(desk.words, JOB_STEPS),
    )


def _state_choices(desk: Desk) -> list[Choice]:
    say = desk.words.gettext
    return [
        Choice(say("All"), "all", "/issuing"),
        Choice(say("Under way"), "active", address("/issuing", state="active")),
        Choice(say("Finished"), "done", address("/issuing", state="done")),
    ]
