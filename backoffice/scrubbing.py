"""Once in a database's life: secrets that earlier releases kept in the clear are sealed, and the file forgets them.

A row that was changed leaves what it said before in the file's free places and in its log. ``VACUUM`` writes the file
anew without them, and a checkpoint empties the log. That this was done stands in the file's ``user_version``; what
could not be done now (the disk is full, somebody else is reading) is done at the next start.
"""

import sqlite3

from sqlalchemy import Engine

from backoffice import logs
from backoffice.commands import service as commands
from backoffice.db import clean_file, file_version, set_file_version, transaction
from backoffice.keyring import Keyring

log = logs.get(__name__)

SCRUBBED = 1


def scrub(engine: Engine, keyring: Keyring) -> None:
    """Seal what lies in the clear, unless that was done before."""
    if file_version(engine) >= SCRUBBED:
        return
    with transaction(engine) as session:
        found = commands.seal_old(session, keyring)
    try:
        if not found or clean_file(engine):
            set_file_version(engine, SCRUBBED)
    except sqlite3.Error as error:
        log.warning("file_not_scrubbed", error=str(error))
