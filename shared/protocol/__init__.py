"""What the machine, the back office and the client say to each other. Runs on CPython and on MicroPython.

No I/O, no clock, no random, and no import of anything of ours: bytes in, values out, or a ProtocolError.
"""
