"""What a person may order on the issuing pages: one-time cards of a batch, and to stop, resume or abandon a job.

A job's work makes short transactions of its own, so these endpoints hold none.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Form, Request
from pydantic import SecretStr
from starlette.responses import HTMLResponse, Response

from backoffice.authority.pins import PIN_CHARS_MAX, PIN_CHARS_MIN
from backoffice.issuing import runner, service
from backoffice.issuing.schemas import JobResume, OneTimeOrder
from backoffice.routing import Router
from backoffice.web.page import Desk
from backoffice.web.pages.filters import NumberInPath
from backoffice.web.pages.issuing import job_page, jobs_page
from backoffice.web.pages.sent_form import SentForm
from backoffice.web.views import Refusal
from backoffice.workshop import DeskIssuerDep, WorkshopDep

router = Router(prefix="/issuing", include_in_schema=False)

PinForm = Annotated[SecretStr, Form(min_length=PIN_CHARS_MIN, max_length=PIN_CHARS_MAX)]
NumberForm = Annotated[int, Form(ge=1, le=0xFFFFFFFF)]


def get_form(request: Request, viewer: DeskIssuerDep, workshop: WorkshopDep) -> SentForm:
    return SentForm(request, viewer, workshop)


FormDep = Annotated[SentForm, Depends(get_form)]


@router.post("/one-time")
def order_one_time(form: FormDep, batch: NumberForm, device: NumberForm, pin: PinForm) -> Response:
    def order() -> str:
        wanted = OneTimeOrder(device_id=device, batch_id=batch, pin=pin)
        return _address(runner.start_one_time(form.workshop, form.viewer, wanted).id)

    def show_again(desk: Desk, refusal: Refusal) -> HTMLResponse:
        return jobs_page(desk, refusal=refusal)

    return form.answer(order, show_again, router.prefix, batch=batch, device=device)


@router.post("/{job_id}/stop")
def stop(form: FormDep, job_id: NumberInPath) -> Response:
    return _of_job(form, job_id, lambda: runner.cancel(form.workshop, job_id))


@router.post("/{job_id}/resume")
def resume(form: FormDep, job_id: NumberInPath, pin: PinForm) -> Response:
    return _of_job(form, job_id, lambda: runner.resume(form.workshop, form.viewer, job_id, JobResume(pin=pin)))


@router.post("/{job_id}/abandon")
def abandon(form: FormDep, job_id: NumberInPath) -> Response:
    def give_up() -> None:
        with form.workshop.begin() as session:
            service.abandon(session, job_id, form.workshop.now())

    return _of_job(form, job_id, give_up)


def _of_job(form: SentForm, job_id: int, work: Callable[[], object]) -> Response:
    """Something is done with a job, which is shown then, whatever came of it."""

    def done() -> str:
        work()
        return _address(job_id)

    return form.answer(done, lambda desk, refusal: job_page(desk, job_id, refusal), _address(job_id))


def _address(job_id: int) -> str:
    return f"{router.prefix}/{job_id}"
