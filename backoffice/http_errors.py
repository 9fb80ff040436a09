"""How errors are answered: one JSON form, ``{"error": {"code", "message", "detail"}}``.

A page may be shown instead where the browser asks for one: the web package sets ``app.state.error_page``.
"""

import secrets
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DatabaseError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from backoffice import logs
from backoffice.db import storage_error
from backoffice.errors import BackOfficeError, Forbidden, InvalidInput, MethodNotAllowed, NotFound, TooLarge

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
    for kind in (BackOfficeError, RequestValidationError, HTTPException, DatabaseError, OverflowError, Exception):
        app.add_exception_handler(kind, answer)


async def answer(request: Request, error: Exception) -> Response:
    """The answer to any error that an endpoint or the framework raised."""
    known = to_boundary(error)
    if known.status >= 500:
        report(request, error, known)
    page = getattr(request.app.state, "error_page", None)
    if page is not None and wants_page(request):
        shown: Response | None = page(request, known)
        if shown is not None:
            return shown
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
    if isinstance(error, OverflowError):  # a number in a path or query that no column of the database could hold
        return InvalidInput("a number is too large")
    return BackOfficeError(reference=secrets.token_hex(4))


def report(request: Request, error: Exception, known: BackOfficeError) -> None:
    """Log what went wrong on our side: the path without its query, since that is the caller's business."""
    log.error(
        "request_failed",
        method=request.method,
        path=request.url.path,
        code=known.code,
        reference=known.detail.get("reference"),
        exc_info=error,
    )


def body_of(error: BackOfficeError) -> dict[str, Any]:
    """The JSON form of an error."""
    return {"error": {"code": error.code, "message": error.message, "detail": error.detail}}


def wants_page(request: Request) -> bool:
    """Whether a browser is asking for a page."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _problem(item: dict[str, Any]) -> dict[str, str]:
    """Where and what, without the value: it may be a password."""
    return {"where": ".".join(str(part) for part in item["loc"]), "what": str(item["msg"])}
