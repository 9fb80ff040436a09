"""What an order keeps to itself: passwords and PINs lie sealed beside it, never among its arguments.

``args`` holds what a person may see, with ``***`` in the place of each secret. ``sealed`` holds the arguments as the
machine gets them, under the keyring, until the order has ended. So neither the database nor its log, nor a copy of
either, tells a clinic's Wi-Fi password.
"""

from dataclasses import dataclass

from backoffice.errors import CannotUnseal
from backoffice.keyring import Keyring
from backoffice.models import MachineCommand


@dataclass(frozen=True, repr=False)
class Secret:
    """Arguments that are not for everybody, encoded, and the keys that seal them."""

    keyring: Keyring
    args: bytes

    def seal_into(self, command: MachineCommand) -> None:
        """Keep them with an order that has its number."""
        command.sealed = self.keyring.seal(_purpose(command), self.args)

    def is_in(self, command: MachineCommand) -> bool:
        """Whether an order keeps the same."""
        try:
            return command.sealed is not None and arguments_for_machine(self.keyring, command) == self.args
        except CannotUnseal:
            return False


def arguments_for_machine(keyring: Keyring, command: MachineCommand) -> bytes:
    """The encoded arguments as the machine gets them. Raises CannotUnseal."""
    return command.args if command.sealed is None else keyring.open(_purpose(command), command.sealed)


def _purpose(command: MachineCommand) -> str:
    return f"order:{command.machine_id}:{command.id}"
