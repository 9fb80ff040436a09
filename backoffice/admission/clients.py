"""Who counts as one client: an IPv4 address, or an IPv6 network of 64 bits, which is what one subscriber gets."""

from ipaddress import IPv6Address, ip_address

IPV6_CLIENT_BITS = 64
UNKNOWN = "unknown"


def client_of(host: str | None) -> str:
    """The client behind an address; anything that is no address (a test, a pipe) is a client by its name."""
    if not host:
        return UNKNOWN
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    rest_bits = 128 - IPV6_CLIENT_BITS
    return f"{IPv6Address(int(address) >> rest_bits << rest_bits)}/{IPV6_CLIENT_BITS}"
