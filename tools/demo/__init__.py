"""The demonstration: the real back office, three emulated machines and the people around them, in one terminal.

Read `play.py` first: it is the programme of the evening. `method.py` are the steps of the method, `day.py` the day at
the clinic, `sides.py` looks at cards, machine and database from outside, `verdict.py` counts and compares.
"""
