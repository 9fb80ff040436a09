"""Cards left at each institution, from the kept tallies."""

from collections.abc import Mapping

from sqlmodel import Session, col, select

from backoffice.cards import repository as cards
from backoffice.issuing.schemas import StockRow
from backoffice.models import Institution

TO_MAKE = ("planned", "writing", "torn")


def of_institutions(session: Session, visible: frozenset[int] | None) -> list[StockRow]:
    """One row for each institution that has batches, by name; only those that the viewer may see."""
    query = select(Institution).order_by(col(Institution.name))
    if visible is not None:
        query = query.where(col(Institution.id).in_(visible))
    institutions = session.exec(query).all()
    tallies = cards.tallies(session, "institution", (institution.code for institution in institutions))
    rows = ((institution, tallies[institution.code]) for institution in institutions)
    return [_row(institution, tally) for institution, tally in rows if tally.get("batches")]


def _row(institution: Institution, tally: Mapping[str, int]) -> StockRow:
    return StockRow(
        institution_code=institution.code,
        institution_name=institution.name,
        batches=tally.get("batches", 0),
        ordered=tally.get("ordered", 0),
        to_make=sum(tally.get(f"one_time.{state}", 0) for state in TO_MAKE),
        issued=tally.get("one_time.written", 0),
        used=tally.get("one_time.used", 0),
        left=left(tally),
        voided=tally.get("one_time.voided", 0),
    )


def left(tally: Mapping[str, int]) -> int:
    """Cards that were written and not used."""
    return max(0, tally.get("one_time.written", 0) - tally.get("one_time.used", 0))
