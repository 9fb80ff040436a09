"""The one row with the newest believed time."""

from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Session, select

from backoffice.models import BelievedTime

ROW = 1


def newest(session: Session) -> tuple[int, int]:
    """The newest believed time, and the newest by this server's own clock; 0 before any time was believed."""
    query = select(BelievedTime.newest, BelievedTime.by_clock).where(BelievedTime.id == ROW)
    return session.exec(query).first() or (0, 0)


def remember(session: Session, moment: int, by_clock: int) -> None:
    """From now on it is not earlier than this."""
    values = {"newest": moment, "by_clock": by_clock}
    row = insert(BelievedTime).values(id=ROW, **values)
    session.connection().execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
