#!/bin/sh
# Two programs that drive AT modems judge the emulated one. Install Debian's where we may, say what to
# type where we may not.
set -eu
if [ -n "${PERSCAN_NO_MODEM_PROGRAMS:-}" ] || { [ -x /usr/bin/gammu ] && [ -x /usr/sbin/smsd ]; }; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Gammu and SMS Server Tools for the modem tests ..."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gammu smstools >/dev/null
else
    echo "The modem tests need Gammu and SMS Server Tools. On Debian: sudo apt install gammu smstools" >&2
    echo "(or leave them out, visibly: make test PERSCAN_NO_MODEM_PROGRAMS=1)" >&2
    exit 1
fi
