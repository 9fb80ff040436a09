"""What the API says about issuing."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from backoffice.authority.pins import Pin

U32 = Annotated[int, Field(ge=1, le=0xFFFFFFFF)]
Moment = Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
"""Unix seconds; 0 = never."""
WHITE_CARDS_MAX = 500
BATCH_CARDS_MAX = 20_000
TimeoutMs = Annotated[int, Field(ge=100, le=120_000)]


class WhiteOrder(BaseModel):
    """White cards in bulk. Needs an open session of the authority."""

    device_id: int
    count: Annotated[int, Field(ge=1, le=WHITE_CARDS_MAX)]
    quota: U32
    """Credits that each of them may issue."""
    expires: Moment = 0
    issuer_pin: Pin
    """PIN of the person who will use them."""


class BatchWish(BaseModel):
    """A batch to be looked at before it is ordered."""

    white_id: U32
    machine_id: U32
    count: Annotated[int, Field(ge=1, le=BATCH_CARDS_MAX)]
    expires: Moment = 0


class BatchPreview(BaseModel):
    """What would be issued, for which machine. Show it to a person; send `confirmation` with the order."""

    white_id: int
    machine_id: int
    machine_name: str
    machine_board: str
    epoch: int
    institution_code: int
    institution_name: str
    count: int
    expires: int
    credits_left: int
    """Credits that the white card has before this batch."""
    confirmation: str


class BatchOrder(BatchWish):
    """One batch card. The white card is asked for first, then a blank card."""

    device_id: int
    pin: Pin
    """The white card's PIN."""
    confirmation: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class OneTimeOrder(BaseModel):
    """All one-time cards of a batch. The batch card is asked for first, then blank cards."""

    device_id: int
    batch_id: U32
    pin: Pin
    """The PIN of the white card that the batch came from."""


class JobResume(BaseModel):
    """Go on with a job: its cards are asked for again, because no secret outlives the process."""

    pin: Pin
    device_id: int | None = None
    """Another device of the same role, if the first one broke."""


class JobRead(BaseModel):
    """An issuing job and where it stands."""

    id: int
    kind: str
    state: str
    device_id: int
    step: str
    """Stable word: what the person is asked for."""
    prompt: str
    """The same in a sentence."""
    total: int
    planned: int
    writing: int
    torn: int
    written: int
    failed: int
    """Cards given up; each is either reissued or voided."""
    reissued: int
    voided: int
    erased: int
    master_id: int | None
    white_id: int | None
    batch_id: int | None
    error_code: str
    error_message: str
    warning: str
    created_at: int
    changed_at: int


class WhiteRead(BaseModel):
    """A white card's range."""

    id: int
    master_id: int
    first_credit: int
    quota: int
    next_credit: int
    left: int
    expires: int
    uid: str
    card_state: str
    warning: str


class BatchRead(BaseModel):
    """A batch."""

    id: int
    white_id: int
    institution_code: int
    batch_number: int
    first_credit: int
    count: int
    machine_id: int
    epoch: int
    expires: int
    state: str
    uid: str
    card_state: str
    warning: str
    created_at: int


class CardCheck(BaseModel):
    """Put a card on the reader."""

    device_id: int
    timeout_ms: TimeoutMs = 30_000


class CardRecover(CardCheck):
    """Make an issued, unused or a torn card blank again. Needs an open session of the authority."""

    reissue: bool = True
    """Plan its content for another card; else the credit is void."""


class CardVerified(BaseModel):
    """What a card is, as far as the keys at hand can tell."""

    uid: str
    medium: str
    kind: str
    card_id: int | None
    state: str
    batch_id: int | None = None
    credit: int | None = None
    white_id: int | None = None
    master_id: int | None = None
    used: bool = False
    """A debit of its credit was reported."""
    genuine: bool | None
    """None: its key is not at hand (open the authority's session to find out)."""
    findings: list[str]
    warning: str


class StockRow(BaseModel):
    """Cards of one institution."""

    institution_code: int
    institution_name: str
    batches: int
    ordered: int
    to_make: int
    issued: int
    used: int
    left: int
    """Issued and not reported as used."""
    voided: int
