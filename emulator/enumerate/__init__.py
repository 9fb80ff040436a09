"""One action, disturbed at every point there is, once at each: does the world stay whole?

`disturbance.py` says what a disturbance is, `stage.py` plays one run, `debit.py`, `batch.py` and `issue.py` are the
three actions, `run.py` goes through all points and adds up. `python -m emulator.enumerate` does it all.
"""
