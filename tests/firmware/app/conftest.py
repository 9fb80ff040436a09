"""The application needs MicroPython's own modules (littlefs, ticks): tests/host/test_on_micropython.py runs these."""

collect_ignore_glob = ["test_*.py"]
