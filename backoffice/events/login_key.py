"""Which login a page and a stream belong to, without giving the login away.

Two logins in one browser share its cookies, not their pages: a page says whose it is, asks for a stream of that login
only, and takes no content that another login brought it.
"""

from hashlib import blake2b

from fastapi import Request

from backoffice.accounts.access import COOKIE

LOGIN_KEY_BYTES = 8
LOGIN_KEY_CHARS = 2 * LOGIN_KEY_BYTES


def login_key(request: Request) -> str:
    """A name for the login session of this browser; empty when a program calls with a token.

    The token behind it has 256 random bits, so its digest tells nobody anything.
    """
    token = request.cookies.get(COOKIE, "")
    return blake2b(token.encode(), digest_size=LOGIN_KEY_BYTES, person=b"whose page").hexdigest() if token else ""
