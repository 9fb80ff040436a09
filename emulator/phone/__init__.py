"""The phone network around the emulated modems: cells, the SMS centre, packet data to real sockets on loopback."""

from emulator.phone.network import PhoneNetwork

__all__ = ["PhoneNetwork"]
