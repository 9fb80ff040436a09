"""The API's description as a page: FastAPI's own load scripts from elsewhere, which no page of ours may."""

from fastapi import Request
from starlette.responses import HTMLResponse

from backoffice.routing import Router
from backoffice.web.api_reference import FIRST_STEPS, subjects
from backoffice.web.page import DeskDep

router = Router(include_in_schema=False)


@router.get("/docs")
def api(request: Request, desk: DeskDep) -> HTMLResponse:
    return desk.page("pages/api.html", "api", first_steps=FIRST_STEPS, subjects=subjects(request.app, desk.viewer))
