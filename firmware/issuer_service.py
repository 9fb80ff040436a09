"""Service cards at an issuer: made, read and written for the back office, which alone knows what the messages mean.

Borrowed code. The content of a store travels as it is: what is in it is sealed, and an issuer opens nothing.
"""

from borrowed import Borrowed
from errors import BadParams, Refused
from hostlink import Params
from media import BLANK, TORN, Medium
from media_store import Store, module_of
from protocol import mailbox, reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from issuer import Issuer

KIND = "service"


def read(issuer: "Issuer", params: Params) -> dict[str, object]:
    """The whole store."""
    content = issuer.with_card(params, lambda medium: _with_store(medium, (KIND,), lambda store: store.read()))
    return {"content": content.hex()}


def write(issuer: "Issuer", params: Params) -> dict[str, object]:
    """Make the store what `content` says; units that say so already are left alone. Safe to call again."""
    content = params.octets("content", mailbox.UNIT_BYTES, mailbox.MAX_STORE_BYTES)

    def put(store: Store) -> None:
        if len(content) != store.size_bytes:
            raise BadParams("content must be %d bytes" % store.size_bytes)
        store.write(0, content)

    issuer.with_card(params, lambda medium: _with_store(medium, (KIND,), put))
    return {"bytes": len(content)}


def make(issuer: "Issuer", params: Params) -> dict[str, object]:
    """A blank card becomes a service card; one that is, or that was torn becoming one, becomes an empty one."""

    def work(medium: Medium) -> int:
        def made(store: Store) -> int:
            store.format(issuer.progress)
            return store.size_bytes

        size_bytes: int = _with_store(medium, (BLANK, TORN, KIND), made)
        return size_bytes

    return {"bytes": issuer.with_card(params, work)}


def _with_store(medium: Medium, kinds: tuple[str, ...], work: "Callable[[Store], Any]") -> "Any":
    found = medium.classify()
    kind = TORN if found.unfinished else found.kind
    if kind not in kinds:
        raise Refused(reasons.WRONG_CARD, detail="a %s card" % kind)
    with Borrowed(module_of(medium)) as code:
        return work(code.open_store(medium))
