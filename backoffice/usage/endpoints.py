"""The usage API. A day is that of each exam's own clinic: see ``backoffice.days``."""

from backoffice.accounts.access import ViewerDep
from backoffice.deps import SessionDep
from backoffice.models import InDoubt, Usage
from backoffice.pagination import CursorDep, Page, make_cursor_page
from backoffice.routing import Router
from backoffice.usage import service
from backoffice.usage.repository import Group
from backoffice.usage.schemas import GroupBy, InDoubtRead, UsageCount, UsageFilterQuery, UsageRead

router = Router(prefix="/api/v1", tags=["usage"])

FIELDS = {GroupBy.DAY: "day", GroupBy.INSTITUTION: "institution_id", GroupBy.MACHINE: "machine_id"}


@router.get("/usage")
def list_usage(viewer: ViewerDep, session: SessionDep, page: CursorDep, wanted: UsageFilterQuery) -> Page[UsageRead]:
    """Debits, latest first, those too that do not count (`standing`). Days are those of each clinic's own clock.

    For all of them, ask again with `next` of the answer as `cursor`: what is debited meanwhile changes nothing.
    """
    return make_cursor_page(service.page_of(session, viewer, wanted, page), page, read, service.place_of)


@router.get("/usage-by/{by}")
def count_usage(
    by: GroupBy, viewer: ViewerDep, session: SessionDep, page: CursorDep, wanted: UsageFilterQuery
) -> Page[UsageCount]:
    """How many exams count, by day (latest first; of each clinic's own clock), institution or machine."""

    def count(group: Group) -> UsageCount:
        return UsageCount.model_validate({FIELDS[by]: group.value, **vars(group.counts)})

    found = service.counts(session, viewer, by, wanted, page)
    return make_cursor_page(found, page, count, lambda group: (group.number,))


@router.get("/in-doubt")
def list_in_doubt(viewer: ViewerDep, session: SessionDep, page: CursorDep) -> Page[InDoubtRead]:
    """Exams of which a machine knows only that they began, oldest first."""
    return make_cursor_page(service.in_doubt(session, viewer, page), page, read_in_doubt, service.place_in_doubt)


def read(usage: Usage) -> UsageRead:
    """A debit as the API shows it."""
    return UsageRead.model_validate(usage, from_attributes=True)


def read_in_doubt(row: InDoubt) -> InDoubtRead:
    """An exam in doubt as the API shows it."""
    return InDoubtRead.model_validate(row, from_attributes=True)
