"""How errors are answered: one JSON form, ``{"error": {"code", "message", "detail"}}``.

A page may be shown instead where the browser asks for one: the web package sets ``app.state.error_page``.
"""

import secrets
from typing import Any

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from backoffice import logs
from backoffice.db import storage_error
from backoffice.errors import (
    BackOfficeError,
    Forbidden,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unavailable,
)
from backoffice.request_log import PATH_MAX_CHARS

log = logs.get(__name__)

PROBLEMS_SHOWN = 20
BY_STATUS: dict[int, type[BackOfficeError]] = {
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
    422: InvalidInput,
    400: InvalidInput,
}


def install(app: FastAPI) -> None:
    """Answer every error of the application in the one form."""
    for kind in (
        BackOfficeError,
        RequestValidationError,
        HTTPException,
        DatabaseError,
        PoolTimeout,
        OverflowError,
        Exception,
    ):
        app.add_exception_handler(kind, answer)


async def answer(request: Request, error: Exception) -> Response:
    """The answer to any error that an endpoint or the framework raised."""
    known = to_boundary(error)
    if known.status >= 500:
        report(request, error, known)
        return shown(request, known)
    return await to_thread.run_sync(shown, request, known) if wants_page(request) else shown(request, known)


def shown(request: Request, known: BackOfficeError) -> Response:
    """An error as a page where a browser asks for one, as JSON elsewhere."""
    page = getattr(request.app.state, "error_page", None)
    if page is not None and wants_page(request):
        made: Response | None = page(request, known)
        if made is not None:
            return made
    return JSONResponse(body_of(known), known.status, headers=known.headers())


def to_boundary(error: Exception) -> BackOfficeError:
    """Any exception as an error with a code. What nobody foresaw says nothing about itself to the outside."""
    if isinstance(error, BackOfficeError):
        return error
    if isinstance(error, RequestValidationError):
        return InvalidInput(problems=[_problem(item) for item in error.errors()[:PROBLEMS_SHOWN]])
    if isinstance(error, HTTPException):
        return BY_STATUS.get(error.status_code, BackOfficeError)()
    if isinstance(error, DatabaseError):
        return storage_error(error)
    if isinstance(error, PoolTimeout):
        return Unavailable()
    if isinstance(error, OverflowError):  # a number in a path or query that no column of the database could hold
        return InvalidInput("a number is too large")
    return BackOfficeError(reference=secrets.token_hex(4))


def report(request: Request, error: Exception, known: BackOfficeError) -> None:
    """Log what went wrong on our side: the path without its query, since that is the caller's business.

    Being busy is no fault, and comes in crowds: one line each, without a traceback.
    """
    facts = {"method": request.method, "path": request.url.path[:PATH_MAX_CHARS], "code": known.code}
    if isinstance(known, Unavailable):
        log.warning("request_put_off", **facts)
    else:
        log.error("request_failed", **facts, reference=known.detail.get("reference"), exc_info=error)


def body_of(error: BackOfficeError) -> dict[str, Any]:
    """The JSON form of an error."""
    return {"error": {"code": error.code, "message": error.message, "detail": error.detail}}


def wants_page(request: Request) -> bool:
    """Whether a browser is asking for a page."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _problem(item: dict[str, Any]) -> dict[str, str]:
    """Where and what, without the value: it may be a password."""
    return {"where": ".".join(str(part) for part in item["loc"]), "what": str(item["msg"])}
