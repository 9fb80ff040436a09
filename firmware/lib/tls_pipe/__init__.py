"""Connections that are awaited: plain or TLS, over a socket or a modem. (`tls` is MicroPython's own module.)"""
