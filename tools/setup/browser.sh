#!/bin/sh
# The browser tests drive a real Chromium. Install Debian's where we may; say what to type where we may not.
set -eu
if [ -n "${PERSCAN_NO_BROWSER:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    command -v google-chrome >/dev/null; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests ..."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
else
    echo "The browser tests need Chromium. On Debian: sudo apt install chromium" >&2
    echo "(or leave them out, visibly: make test PERSCAN_NO_BROWSER=1)" >&2
    exit 1
fi
