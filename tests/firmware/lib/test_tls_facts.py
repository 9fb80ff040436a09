"""What the driver of TLS builds on, and what it had to do without: if the interpreter changes, these tests tell."""

import tls


def test_no_session_can_be_kept_and_resumed():
    names = dir(tls) + dir(tls.SSLContext)
    assert not [name for name in names if "session" in name.lower()]


def test_a_client_demands_a_certificate():
    assert tls.SSLContext(tls.PROTOCOL_TLS_CLIENT).verify_mode == tls.CERT_REQUIRED


def test_the_two_suites_are_there():
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    assert takes(context, "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256")
    assert takes(context, "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256")
    assert not takes(context, "TLS-ECDHE-ECDSA-WITH-NOTHING")


def takes(context, suite):
    try:
        context.set_ciphers((suite,))
    except OSError as error:
        return error.args[1] != "MBEDTLS_ERR_SSL_BAD_CONFIG"
    return True


def test_what_is_no_certificate_is_a_value_error():
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    for data in (b"", b"nonsense", bytes(500)):
        try:
            context.load_verify_locations(data)
        except ValueError:
            continue
        raise AssertionError(data)
