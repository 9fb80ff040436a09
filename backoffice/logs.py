"""Structured logs on standard error: one event a line, no secrets."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
SECRET_WORDS = ("password", "secret", "token", "pin", "key", "cookie", "authorization", "body")
HIDDEN = "(hidden)"


def configure(level: str, as_json: bool) -> None:
    """Set up logging for the process."""
    # Plain tracebacks: the pretty ones print local variables, and those hold secrets.
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    last: list[Processor] = [console]
    if as_json:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            hide_secrets,
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=_to_standard_error,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def _to_standard_error(*_args: object) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank every field whose name says that it is a secret, however it got into the event."""
    for name in event:
        if any(word in name.lower().split("_") for word in SECRET_WORDS):
            event[name] = HIDDEN
    return event


def get(name: str) -> Any:
    """A logger for one module."""
    return structlog.get_logger(module=name)
