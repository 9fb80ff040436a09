"""A back office that commits the first group of reports, says so, and never answers: to be killed at that moment.

Run with the settings in the environment. Prints the port, then ``committed`` once the transaction is durable.
"""

import threading
from collections.abc import Sequence

from protocol.uplink import Ack

from backoffice.app import create_app
from backoffice.cli import run
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.writer import GroupWriter
from backoffice.settings import Settings

commit = GroupWriter._commit


def commit_and_stall(writer: GroupWriter, incomings: Sequence[Incoming]) -> list[Ack]:
    commit(writer, incomings)
    print("committed", flush=True)
    threading.Event().wait()
    raise AssertionError("nobody wakes it up")


GroupWriter._commit = commit_and_stall  # type: ignore[method-assign,assignment]
settings = Settings.from_environment()
run(create_app(settings), settings)
