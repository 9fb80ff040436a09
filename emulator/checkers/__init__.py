"""Invariants of the whole world, each in a file of its own, none asking the firmware whether it is right.

A checker takes `Evidence` and returns its findings in words; none means that the invariant held. The tests show for
each that it catches a firmware which breaks it.
"""
