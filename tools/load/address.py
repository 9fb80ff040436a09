"""Who has which address, and the only place that opens a connection. Nothing leaves 127.0.0.0/8: whoever is told of
another address refuses it.

Machines of a phone carrier come out of one address together, as carriers do it (RFC 6888); every other one is alone in
its clinic. Pages share an office's address four by four. Attackers have many addresses: one is easily shut out.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv4Network
from typing import Final

LOOPBACK: Final = IPv4Network("127.0.0.0/8")
PROBER: Final = "127.0.4.1"
CARRIER: Final = "127.0.1.1"
BEHIND_CARRIER: Final = 0.4
PAGES_AN_OFFICE: Final = 4
ATTACKERS: Final = 20

Target = tuple[str, int]


class NotLoopback(Exception):
    """Somebody wanted to reach another computer."""


def loopback(host: str) -> str:
    """The address, if it is on this computer; raises NotLoopback."""
    try:
        if IPv4Address(host) in LOOPBACK:
            return host
    except ValueError:
        pass
    raise NotLoopback(f"{host} is not in {LOOPBACK}: nothing is done to another computer")


def of_machine(place: int, of: int) -> str:
    """``place`` counts from 0."""
    alone = place - round(of * BEHIND_CARRIER)
    return CARRIER if alone < 0 else f"127.0.1.{2 + alone % 250}"


def of_page(place: int) -> str:
    """``place`` counts from 0."""
    return f"127.0.3.{1 + place // PAGES_AN_OFFICE % 250}"


def of_attacker(place: int, of: int = ATTACKERS) -> str:
    """``place`` counts from 0; ``of`` so many addresses."""
    return f"127.0.2.{1 + place % of}"


def unconnected(source: str, target: Target, receive_bytes: int = 0) -> socket.socket:
    """A socket that has its own address, for this target only. ``receive_bytes`` = of the kernel's buffer; 0: as
    usual."""
    loopback(target[0])
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        if receive_bytes:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.bind((loopback(source), 0))
    except BaseException:
        made.close()
        raise
    return made


async def dial(source: str, target: Target, receive_bytes: int = 0) -> socket.socket:
    """A connection. Raises OSError."""
    made = unconnected(source, target, receive_bytes)
    try:
        await asyncio.get_running_loop().sock_connect(made, target)
    except BaseException:
        made.close()
        raise
    return made
