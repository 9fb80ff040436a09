"""The institutions API."""

from backoffice.accounts.access import AdministratorDep, ViewerDep
from backoffice.deps import NowDep, SessionDep, SettingsDep
from backoffice.institutions import service
from backoffice.institutions.schemas import InstitutionCreate, InstitutionRead, InstitutionUpdate
from backoffice.models import Institution
from backoffice.pagination import Page, PageDep, make_page
from backoffice.routing import Router

router = Router(prefix="/api/v1/institutions", tags=["institutions"])


@router.get("")
def list_institutions(viewer: ViewerDep, session: SessionDep, page: PageDep) -> Page[InstitutionRead]:
    """The institutions that one may see, by name."""
    return make_page(service.page_of(session, viewer, page), page, read)


@router.post("", status_code=201)
def create_institution(
    wanted: InstitutionCreate, _viewer: AdministratorDep, session: SessionDep, settings: SettingsDep, now: NowDep
) -> InstitutionRead:
    """Make an institution."""
    return read(service.create(session, wanted, settings.timezone, now))


@router.get("/{institution_id}")
def get_institution(institution_id: int, viewer: ViewerDep, session: SessionDep) -> InstitutionRead:
    """One institution."""
    return read(service.get(session, viewer, institution_id))


@router.patch("/{institution_id}")
def update_institution(
    institution_id: int, changes: InstitutionUpdate, _viewer: AdministratorDep, session: SessionDep, now: NowDep
) -> InstitutionRead:
    """Change an institution."""
    return read(service.update(session, institution_id, changes, now))


def read(institution: Institution) -> InstitutionRead:
    """An institution as the API shows it."""
    return InstitutionRead.model_validate(institution, from_attributes=True)
