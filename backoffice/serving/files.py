"""How many connections the process has room for: each is an open file, and so is much else."""

import resource

FILES_WANTED = 8192
FILES_FOR_THE_REST = 256
"""Connections to the database (three files each), serial ports, static files, logs."""
CONNECTIONS_MAX = 1500


def room_for_connections() -> int:
    """Raise the process's limit of open files as far as it may go; how many connections fit below it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return connections_below(CONNECTIONS_MAX + FILES_FOR_THE_REST if soft == resource.RLIM_INFINITY else soft)


def connections_below(files: int) -> int:
    """How many connections leave room for the rest below a limit of files."""
    return min(CONNECTIONS_MAX, max(files - FILES_FOR_THE_REST, files // 4))
