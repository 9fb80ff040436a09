"""The usage API."""

from fastapi import APIRouter

from backoffice.accounts.access import ViewerDep
from backoffice.deps import SessionDep
from backoffice.models import InDoubt, Usage
from backoffice.pagination import Page, PageDep, make_page
from backoffice.usage import service
from backoffice.usage.schemas import GroupBy, InDoubtRead, UsageCount, UsageFilterQuery, UsageRead

router = APIRouter(prefix="/api/v1", tags=["usage"])


@router.get("/usage")
def list_usage(viewer: ViewerDep, session: SessionDep, page: PageDep, wanted: UsageFilterQuery) -> Page[UsageRead]:
    """Debits, latest first."""
    return make_page(service.page_of(session, viewer, wanted, page), page, read)


@router.get("/usage-by/{by}")
def count_usage(
    by: GroupBy, viewer: ViewerDep, session: SessionDep, page: PageDep, wanted: UsageFilterQuery
) -> Page[UsageCount]:
    """How many exams, by day (latest first), institution or machine."""
    return make_page(service.counts(session, viewer, by, wanted, page), page, lambda count: count)


@router.get("/in-doubt")
def list_in_doubt(viewer: ViewerDep, session: SessionDep, page: PageDep) -> Page[InDoubtRead]:
    """Exams of which a machine knows only that they began, oldest first."""
    return make_page(service.in_doubt(session, viewer, page), page, read_in_doubt)


def read(usage: Usage) -> UsageRead:
    """A debit as the API shows it."""
    return UsageRead.model_validate(usage, from_attributes=True)


def read_in_doubt(row: InDoubt) -> InDoubtRead:
    """An exam in doubt as the API shows it."""
    return InDoubtRead.model_validate(row, from_attributes=True)
