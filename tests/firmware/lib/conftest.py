"""The drivers need MicroPython's own modules (framebuf, ticks): tests/host/test_on_micropython.py runs these files."""

collect_ignore_glob = ["test_*.py"]
