"""What people are told of a modem: that something is wrong, once, and once that it is right again."""

from dataclasses import dataclass

from backoffice.sms.platform import Inbox


@dataclass
class Notice:
    """One thing that may be wrong. What could not be stored is told again when it is said again."""

    subject: str
    _told: bool | None = None
    """Whether people believe that it is wrong; None: a process before this one may have told them."""

    def say(self, inbox: Inbox, message: str) -> None:
        """It is wrong; without a message: it is right."""
        is_wrong = bool(message)
        if self._told is not is_wrong and inbox.trouble(self.subject, message):
            self._told = is_wrong
