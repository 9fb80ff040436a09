"""Institutions: what may be done with them."""

from collections.abc import Sequence

from sqlmodel import Session

from backoffice.accounts import service as accounts
from backoffice.accounts.roles import Viewer
from backoffice.errors import AlreadyExists, InvalidInput, NotFound
from backoffice.institutions import repository
from backoffice.institutions.schemas import U32_MAX, InstitutionCreate, InstitutionUpdate
from backoffice.models import Institution
from backoffice.pagination import PageRequest


def create(session: Session, wanted: InstitutionCreate, default_timezone: str, now: int) -> Institution:
    """Make an institution."""
    code = wanted.code if wanted.code is not None else repository.highest_code(session) + 1
    if code > U32_MAX:
        raise InvalidInput("no institution code is left above the highest one: choose a code")
    if repository.by_code(session, code):
        raise AlreadyExists(f"institution code {code} is taken")
    _refuse_taken_name(session, wanted.name)
    _require_agent(session, wanted.agent_id)
    institution = Institution(
        code=code,
        name=wanted.name,
        city=wanted.city,
        contact=wanted.contact,
        timezone=wanted.timezone or default_timezone,
        agent_id=wanted.agent_id,
        created_at=now,
    )
    repository.add(session, institution)
    return institution


def update(session: Session, institution_id: int, changes: InstitutionUpdate, now: int) -> Institution:
    """Change an institution. The users of one that is stopped are out at once."""
    institution = repository.get(session, institution_id)
    if institution is None:
        raise NotFound("there is no such institution")
    given = changes.model_dump(exclude_unset=True)
    if given.get("name", institution.name) != institution.name:
        _refuse_taken_name(session, given["name"])
    _require_agent(session, given.get("agent_id"))
    for field, value in given.items():
        if value is None and field != "agent_id":
            raise InvalidInput(f"{field} cannot be empty")
        setattr(institution, field, value)
    if not institution.active:
        accounts.institution_stopped(session, institution_id, now)
    return institution


def get(session: Session, viewer: Viewer, institution_id: int) -> Institution:
    """One institution that the viewer may see; raises NotFound."""
    institution = repository.get(session, institution_id)
    if institution is None or not viewer.sees(institution_id):
        raise NotFound("there is no such institution")
    return institution


def page_of(session: Session, viewer: Viewer, page: PageRequest) -> Sequence[Institution]:
    """The institutions that the viewer may see, by name."""
    return repository.page_of(session, viewer.institution_ids, page)


def _refuse_taken_name(session: Session, name: str) -> None:
    if repository.by_name(session, name):
        raise AlreadyExists(f"there is an institution {name} already")


def _require_agent(session: Session, agent_id: int | None) -> None:
    if agent_id is not None and not repository.agent_exists(session, agent_id):
        raise InvalidInput("there is no such agent")
