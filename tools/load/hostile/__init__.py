"""Attackers: what each kind does on one of its connections (`quiet.py`, `floods.py`, `heavy.py`), and `kinds.py`, the
list of them. They know nothing that a stranger or a low user could not know (`loot.py`).
"""
