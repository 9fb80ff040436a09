"""The packet network: who may attach, which names lead where, and the connections that are open."""

from typing import TYPE_CHECKING

from emulator.phone.channel import Channel, ChannelUser
from emulator.phone.faults import GprsFaults
from emulator.phone.terminal import Terminal

if TYPE_CHECKING:
    from emulator.world import World


class Gprs:
    """`routes` says which (host, port) exists, and where on loopback it really is."""

    def __init__(self, world: "World") -> None:
        self.faults = GprsFaults()
        self.routes: dict[tuple[str, int], tuple[str, int]] = {}
        self.bytes_up = 0  # payload that phones sent and received, over all connections
        self.bytes_down = 0
        self.connections = 0
        self._world = world
        self._random = world.random("gprs")
        self._attached: list[Terminal] = []
        self._channels: list[Channel] = []

    def attach(self, phone: Terminal) -> bool:
        """A packet data context for a phone."""
        if self.faults.refuse_attach:
            return False
        if phone not in self._attached:
            self._attached.append(phone)
        return True

    def forget(self, phone: Terminal) -> None:
        """The phone detached, or is gone."""
        if phone in self._attached:
            self._attached.remove(phone)

    def deact(self) -> None:
        """Every context is taken away now."""
        for phone in list(self._attached):
            self.forget(phone)
            phone.deactivate()

    def deact_at(self, ms: int) -> None:
        """The same, so many milliseconds from now."""
        self._world.at(ms, self.deact)

    def resolve(self, host: str) -> bool:
        return any(host == known for known, _ in self.routes)

    def connect(self, host: str, port: int, user: ChannelUser) -> Channel | None:
        """None: nobody there."""
        address = self.routes.get((host, port))
        if address is None:
            return None
        channel = Channel.open(self._world, self, address, user, self._random)
        if channel is not None:
            self.connections += 1
            self._channels.append(channel)
        return channel

    def closed(self, channel: Channel) -> None:
        """The channel is done with its socket."""
        if channel in self._channels:
            self._channels.remove(channel)

    def close(self) -> None:
        for channel in list(self._channels):
            channel.close()
