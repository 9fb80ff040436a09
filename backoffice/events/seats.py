"""Who may listen: a bounded number of streams in all and of each user, so that nobody takes the others' places.

One browser needs one stream. When all places are taken, the user with the most streams gives up the oldest, so that
whoever has none finds a place.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeVar

from backoffice.errors import Crowded, Unavailable

STREAMS_MAX = 200
STREAMS_OF_A_USER = 8


class Seat(Protocol):
    """A stream of somebody."""

    @property
    def user_id(self) -> int: ...


Taken = TypeVar("Taken", bound=Seat)


def has_enough(seats: Sequence[Seat], user_id: int) -> bool:
    """Whether a user has as many streams as one may have."""
    return sum(seat.user_id == user_id for seat in seats) >= STREAMS_OF_A_USER


def who_gives_way(seats: Sequence[Taken], user_id: int) -> Taken | None:
    """Whose stream, of these from the oldest to the newest, has to end so that the user's can begin; often nobody's.

    Raises Crowded when the user has enough, Unavailable when everybody else has no more than the user would have.
    """
    if has_enough(seats, user_id):
        raise Crowded(f"you have {STREAMS_OF_A_USER} live browsers already: close one")
    if len(seats) < STREAMS_MAX:
        return None
    streams = Counter(seat.user_id for seat in seats)
    most, number = streams.most_common(1)[0]
    if number <= streams[user_id] + 1:
        raise Unavailable("too many pages are open: try again")
    return next(seat for seat in seats if seat.user_id == most)
