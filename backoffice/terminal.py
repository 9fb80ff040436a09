"""What goes wrong with a command, said on the terminal: a line with a code and words, and an exit code. What a person
typed, set or has not got yet is never answered with a traceback.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DatabaseError

from backoffice.db import storage_error
from backoffice.errors import BackOfficeError, InvalidInput

FAILED = 1


@contextmanager
def errors_for_people() -> Iterator[None]:
    """Around what a command does."""
    try:
        yield
    except ValidationError as error:
        wrong = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
        raise _ended(InvalidInput.code, "; ".join(wrong)) from error
    except BackOfficeError as error:
        raise _ended(error.code, error.message) from error
    except DatabaseError as error:
        known = storage_error(error)
        raise _ended(known.code, f"{known.message} ({error.orig})") from error
    except OSError as error:
        raise _ended("no_file", f"{error.filename}: {error.strerror}") from error


def _ended(code: str, words: str) -> typer.Exit:
    typer.echo(f"{code}: {words}", err=True)
    return typer.Exit(FAILED)
