"""What the institutions API takes and gives."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from backoffice.clock import zone

U32_MAX = 0xFFFFFFFF

Code = Annotated[int, Field(ge=1, le=U32_MAX)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
City = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]
Contact = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)]


def _known_zone(name: str) -> str:
    zone(name)
    return name


ZoneName = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]


class InstitutionCreate(BaseModel):
    """A new institution."""

    name: Name
    code: Code | None = None
    """The number that batch cards carry; the next free one when left out."""
    city: City = ""
    contact: Contact = ""
    timezone: ZoneName | None = None
    agent_id: int | None = None


class InstitutionUpdate(BaseModel):
    """Changes to an institution; what is left out stays. The code is on cards and never changes. In another time zone
    past days stay as they were counted.
    """

    name: Name | None = None
    city: City | None = None
    contact: Contact | None = None
    timezone: ZoneName | None = None
    agent_id: int | None = None
    active: bool | None = None


class InstitutionRead(BaseModel):
    """An institution."""

    id: int
    code: int
    name: str
    city: str
    contact: str
    timezone: str
    agent_id: int | None
    active: bool
    created_at: int
