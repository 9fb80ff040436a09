"""Mutation testing: break one promise at a time in a copy, and see whether a test notices.

`operators.py` says what is changed, `sites.py` finds where, `choosing.py` picks by seed, `entries.py` and `reach.py`
record which test enters which function, `workshop.py` runs tests in a copy, `trying.py` tries one mutant, `report.py`
judges. `critical.toml` names the modules and their floors, `equivalent.toml` the changes that change nothing.
"""
