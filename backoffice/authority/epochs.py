"""Epochs of machines: a key is sent first, and the epoch begins when the machine is known to have taken it.

It says so itself: in its answer to the commit, when it is asked who it is, or by a report sealed with the key. So
whatever breaks off between sending and answering, here or there, ends in the one or the other, and silences nobody.
"""

from typing import Any, cast

from protocol import cbor, uplink
from protocol.orders import ARGUMENTS
from sqlmodel import Session

from backoffice.commands import service as commands
from backoffice.machines import service as machines


def begin(session: Session, machine_id: int, epoch: int, now: int) -> None:
    """The machine has the key of this epoch. Orders that were signed for the one before are void; a lock goes on."""
    if not (key := machines.commit(session, machine_id, epoch)):
        return
    commands.supersede_signed(session, machine_id, now)
    if key.lock_args:
        args = cast(list[Any], cbor.decode(key.lock_args))
        number = args[ARGUMENTS.index("number")]
        commands.order_by_system(session, machine_id, uplink.LOCK, args, now, number=number)
