"""Short messages that came: sealed answers and pushes. Anything else is forgotten without a word. Borrowed code."""

from borrowed import in_turns
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink

_MESSAGES_MAX = const(20)  # in one go; a SIM card holds about as many


async def run(loop: "Uplink") -> None:
    """All that are there."""
    modem = loop.modem
    assert modem is not None
    for _ in range(_MESSAGES_MAX):
        data = await modem.next_sms()
        if data is None:
            return
        with await in_turns("uplink_answer") as code:
            await code.take_unasked(loop, data)
