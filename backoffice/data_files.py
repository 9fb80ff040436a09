"""What the back office may not lose: its database and its keyring, and that they stay together.

Neither is worth anything without the other: a database whose keyring is gone cannot open the keys of its machines, and
a new keyring beside it would seal new secrets that the old backup never opens.
"""

from backoffice.errors import DataIncomplete
from backoffice.settings import Settings


def both_are_new(settings: Settings) -> bool:
    """Whether both have to be made. Raises DataIncomplete where only one is there."""
    database, keyring = settings.database_path.absolute(), settings.keyring_path.absolute()
    kept = database.exists() and database.stat().st_size > 0
    if kept and not keyring.exists():
        raise DataIncomplete(
            f"there is a database at {database}, but no keyring at {keyring}: set PERSCAN_KEYRING_PATH, or bring the "
            "keyring back from its backup. A new one would open none of the machines' keys"
        )
    if keyring.exists() and not kept:
        raise DataIncomplete(
            f"there is a keyring at {keyring}, but no database at {database}: set PERSCAN_DATABASE_URL, or bring the "
            "database back from its backup. Only if there never was one, move the keyring away and start again"
        )
    return not kept
