"""What a person may order on the issuing pages: one-time cards of a batch, and to stop, resume or abandon a job.

A job's work makes short transactions of its own, so these endpoints hold none.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Form
from pydantic import SecretStr
from starlette.responses import RedirectResponse

from backoffice.authority.pins import PIN_CHARS_MAX, PIN_CHARS_MIN
from backoffice.errors import BackOfficeError
from backoffice.issuing import runner, service
from backoffice.issuing.schemas import JobResume, OneTimeOrder
from backoffice.routing import Router
from backoffice.web.pages.filters import NumberInPath
from backoffice.web.views import address
from backoffice.workshop import DeskIssuerDep, WorkshopDep

router = Router(prefix="/issuing", include_in_schema=False)

PinForm = Annotated[SecretStr, Form(min_length=PIN_CHARS_MIN, max_length=PIN_CHARS_MAX)]
NumberForm = Annotated[int, Form(ge=1, le=0xFFFFFFFF)]


@router.post("/one-time")
def order_one_time(
    viewer: DeskIssuerDep, workshop: WorkshopDep, batch: NumberForm, device: NumberForm, pin: PinForm
) -> RedirectResponse:
    def order() -> int:
        return runner.start_one_time(workshop, viewer, OneTimeOrder(device_id=device, batch_id=batch, pin=pin)).id

    return _then_look(order, "/issuing")


@router.post("/{job_id}/stop")
def stop(_viewer: DeskIssuerDep, workshop: WorkshopDep, job_id: NumberInPath) -> RedirectResponse:
    def order() -> int:
        runner.cancel(workshop, job_id)
        return job_id

    return _then_look(order, f"/issuing/{job_id}")


@router.post("/{job_id}/resume")
def resume(viewer: DeskIssuerDep, workshop: WorkshopDep, job_id: NumberInPath, pin: PinForm) -> RedirectResponse:
    def order() -> int:
        return runner.resume(workshop, viewer, job_id, JobResume(pin=pin)).id

    return _then_look(order, f"/issuing/{job_id}")


@router.post("/{job_id}/abandon")
def abandon(_viewer: DeskIssuerDep, workshop: WorkshopDep, job_id: NumberInPath) -> RedirectResponse:
    def order() -> int:
        with workshop.begin() as session:
            return service.abandon(session, job_id, workshop.now()).id or 0

    return _then_look(order, f"/issuing/{job_id}")


def _then_look(order: Callable[[], int], otherwise: str) -> RedirectResponse:
    """Lead to the job, or back to the form with the code of what was wrong."""
    try:
        job_id = order()
    except BackOfficeError as error:
        return RedirectResponse(address(otherwise, problem=error.code), 303)
    return RedirectResponse(f"/issuing/{job_id}", 303)
