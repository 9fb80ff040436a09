"""The same debits over every link there is, while somebody spoils it: what `make uplinks` plays and judges.

Read `play.py` first: which ways there are, side by side. `run.py` is one way from the factory to the verdict; `ways/`
is what differs between them. `relay.py`, `platform.py` and `courier.py` carry the messages and spoil them as
`faults.py` says; `office.py` is the back office that gets killed; `verdict.py` looks at cards, flash and database from
outside.
"""
