"""Work in slices: a generator that yields where other work may go on, and returns what it found."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import TypeVar

    Result = TypeVar("Result")


def finished(steps: "Generator[None, None, Result]") -> "Result":
    """All of it at once, for a caller that nobody waits for."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Result = end.value
            return found
