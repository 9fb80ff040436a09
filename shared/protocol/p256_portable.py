"""ECDSA verification on P-256 in plain Python (FIPS 186-5 6.4.2): public numbers only, so time may tell anything.

One run of doublings serves both scalars (Shamir's trick; one bit of each at a time, because a table for more would
cost the board more memory than it saves time); coordinates are Jacobian, so that only the end needs an inverse.
"""

import hashlib

from protocol.errors import BadKey, BadSignature

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    1,
)
INFINITY = (1, 1, 0)

BITS = 256


def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    for _ in steps(public_key, message, signature):
        pass


def steps(public_key: bytes, message: bytes, signature: bytes) -> "Iterator[None]":
    """The verification in about 130 slices of some milliseconds on a board, so that other work goes on in between.

    It stands only once the iteration has come to its end without an error."""
    key = _point(public_key)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < N and 0 < s < N):
        raise BadSignature("r and s lie between 1 and n - 1")
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    inverse = _inverse(s, N)
    u, v = digest * inverse % N, r * inverse % N
    yield
    table = (INFINITY, G, key, _add(G, key))
    total = INFINITY
    for place in range(BITS - 1, -1, -1):
        if place & 1:
            yield
        total = _bit(total, table, u, v, place)
    x, _, z = total
    # x / z^2 is the point's x coordinate; it equals r modulo n when r or r + n, scaled, equals x.
    zz = z * z % P
    if z == 0 or (r * zz % P != x and (r + N >= P or (r + N) * zz % P != x)):
        raise BadSignature("the signature is not this key's over this message")


def _point(public_key: bytes) -> tuple[int, int, int]:
    x, y = int.from_bytes(public_key[:32], "big"), int.from_bytes(public_key[32:], "big")
    if x >= P or y >= P or (y * y - (x * x - 3) * x - B) % P:
        raise BadKey("no point of P-256")
    return (x, y, 1)


def _double_product(u: int, g: tuple[int, int, int], v: int, q: tuple[int, int, int]) -> tuple[int, int, int]:
    """u * g + v * q."""
    table = (INFINITY, g, q, _add(g, q))
    total = INFINITY
    for place in range(BITS - 1, -1, -1):
        total = _bit(total, table, u, v, place)
    return total


def _bit(
    total: tuple[int, int, int], table: tuple[tuple[int, int, int], ...], u: int, v: int, place: int
) -> tuple[int, int, int]:
    """One bit of either scalar further; the table holds the sums of the two points."""
    total = _double(total)
    index = (v >> place & 1) << 1 | (u >> place & 1)
    return _add(total, table[index]) if index else total


def _double(point: tuple[int, int, int]) -> tuple[int, int, int]:
    """dbl-2001-b of the Explicit-Formulas Database, for a = -3."""
    x, y, z = point
    if z == 0:
        return INFINITY
    delta = z * z % P
    gamma = y * y % P
    beta = x * gamma % P
    alpha = 3 * (x - delta) * (x + delta) % P
    x3 = (alpha * alpha - 8 * beta) % P
    z3 = 2 * y * z % P
    return (x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % P, z3)


def _add(a: tuple[int, int, int], b: tuple[int, int, int]) -> tuple[int, int, int]:
    """add-1998-cmo-2, with the cases it leaves out."""
    x1, y1, z1 = a
    x2, y2, z2 = b
    if z1 == 0:
        return b
    if z2 == 0:
        return a
    zz1 = z1 * z1 % P
    zz2 = z2 * z2 % P
    u1 = x1 * zz2 % P
    h = (x2 * zz1 - u1) % P
    s1 = y1 * zz2 * z2 % P
    r = (y2 * zz1 * z1 - s1) % P
    if h == 0:
        return INFINITY if r else _double(a)
    hh = h * h % P
    hhh = h * hh % P
    v = u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return (x3, (r * (v - x3) - s1 * hhh) % P, z1 * z2 * h % P)


def _inverse(value: int, modulus: int) -> int:
    """Extended Euclid: at most about 370 steps for 256 bits."""
    a, b, x, y = value, modulus, 1, 0
    while a != 1:
        quotient = b // a
        a, b, x, y = b - quotient * a, a, y - quotient * x, x
    return x % modulus


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
