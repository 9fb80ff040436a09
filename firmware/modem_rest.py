"""No link needs the modem any more: it is switched off, and what it took is free again. Borrowed code."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink


async def run(loop: "Uplink") -> None:
    """Politely, so that the network knows."""
    modem, loop.modem = loop.modem, None
    if modem is not None:
        await modem.stop()
