"""The back office beset by attackers, and the honest ones who must not notice: what `make load` plays and judges.

Read `play.py` first: the order of events. `office.py` is the real `perscan serve` made ready; `crew.py` runs everybody
else in processes of their own, each on loopback addresses of its own (`address.py`); `honest/` are machines, browsers
and whoever watches the server's health; `hostile/` is one small thing a kind of attack; `gauge.py` looks at the server
from outside; `verdict.py` compares what was promised with what is stored.
"""
