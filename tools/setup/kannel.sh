#!/bin/sh
# The SMS tests drive a real Kannel and its fake SMSC. Install Debian's where we may; say what to type where we may not.
set -eu
fake_smsc=/usr/lib/kannel/test/fakesmsc
if [ -n "${PERSCAN_NO_KANNEL:-}" ] || { [ -x /usr/sbin/bearerbox ] && [ -x /usr/sbin/smsbox ] && [ -x "$fake_smsc" ]; }; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Kannel for the SMS tests ..."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends kannel kannel-extras >/dev/null
else
    echo "The SMS tests need Kannel. On Debian: sudo apt install kannel kannel-extras" >&2
    echo "(or leave them out, visibly: make test PERSCAN_NO_KANNEL=1)" >&2
    exit 1
fi
