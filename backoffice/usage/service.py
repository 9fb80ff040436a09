"""Usage: what was debited where and when."""

from collections.abc import Sequence

from sqlmodel import Session

from backoffice.accounts.roles import Viewer
from backoffice.models import InDoubt, Usage
from backoffice.pagination import PageRequest
from backoffice.usage import repository
from backoffice.usage.schemas import GroupBy, UsageCount, UsageFilter

FIELDS = {GroupBy.DAY: "day", GroupBy.INSTITUTION: "institution_id", GroupBy.MACHINE: "machine_id"}


def page_of(session: Session, viewer: Viewer, wanted: UsageFilter, page: PageRequest) -> Sequence[Usage]:
    """The debits that the viewer may see, latest first."""
    return repository.page_of(session, viewer.institution_ids, wanted, page)


def counts(session: Session, viewer: Viewer, by: GroupBy, wanted: UsageFilter, page: PageRequest) -> list[UsageCount]:
    """How many exams that the viewer may see, by day, institution or machine."""
    return [
        UsageCount.model_validate({FIELDS[by]: value, "exams": exams, "disputed": disputed})
        for value, exams, disputed in repository.counts(session, viewer.institution_ids, by, wanted, page)
    ]


def in_doubt(session: Session, viewer: Viewer, page: PageRequest) -> Sequence[InDoubt]:
    """Exams in doubt that the viewer may see, oldest first."""
    return repository.in_doubt(session, viewer.institution_ids, page)
