"""Write docs/formats.md from the code: python -m tools.docs.formats [--check]"""

import json
import sys
from pathlib import Path
from types import ModuleType

from tools.docs.source import constants, law, meanings, summary, table, write_or_check

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [path for path in (str(ROOT / "shared"), str(ROOT)) if path not in sys.path]

from protocol import (  # noqa: E402 (the folder of the protocol is known only now)
    acks,
    bits,
    cbor,
    certificates,
    classic,
    command_kinds,
    cose,
    entries,
    entries_reader,
    health,
    hostlink,
    journal,
    keys,
    mailbox,
    master_keys,
    orders,
    provisioning,
    records,
    reports,
    results,
    uplink,
)
from protocol.fields import size_bytes  # noqa: E402

DOCUMENT = ROOT / "docs" / "formats.md"
KIND_WORDS = {"u": "number", "b": "bytes", "s": "text", "d": "map"}

INTRODUCTION = """# Formats

Every format that leaves a machine, byte by byte. This file is generated from the code by
`python -m tools.docs.formats` and a test compares the two, so they cannot differ.

Numbers are unsigned, most significant byte first, unless a format says otherwise. Times are unix seconds, 0 means
unknown or never. Every format is append-only: its law stands below its title and in the code above its codec.
Examples of all of them are in `shared/protocol/vectors/formats.json`; those never change.
"""


def document() -> str:
    sections = (
        _records,
        _classic,
        _keys,
        _journal,
        _envelope,
        _messages,
        _orders,
        _entries,
        _sizes,
        _mailbox,
        _hostlink,
        _provisioning,
    )
    return INTRODUCTION + "\n" + "\n\n".join(section() for section in sections) + "\n"


def _records() -> str:
    sealed = f"0 to {records.MAX_SEALED_BYTES}"
    parts = [
        f"## Card records\n\n{law(records)}\n\nA record is at most {records.MAX_RECORD_BYTES} bytes. Header:\n",
        _field_table(records.HEADER_FIELDS, meanings(records, "HEADER_FIELDS")),
    ]
    for title, name, tail in (
        ("Master card (kind 1)", "MasterRecord", ("sealed", "the master secret, sealed under the authority's PIN")),
        ("White card (kind 2)", "WhiteCertificate", ("sealed_key", "its private key, sealed under the issuer's PIN")),
        ("Batch card (kind 3)", "BatchRecord", ("issuer_sealed", "K_batch, sealed for the issuer")),
        ("One-time card (kind 4)", "OneTimeRecord", None),
        ("Service card (kind 5)", "ServiceRecord", None),
    ):
        fields = getattr(records, name).FIELDS
        extra = [("to the end", sealed, tail[0], "bytes", tail[1])] if tail else []
        parts.append(f"\n### {title}\n")
        parts.append(_field_table(fields, meanings(_module_of(name), name + ".FIELDS"), records.HEADER_BYTES, extra))
    parts.append("\n### Batch certificate (inside the batch card)\n")
    fields = records.BatchCertificate.FIELDS
    parts.append(_field_table(fields, meanings(certificates, "BatchCertificate.FIELDS")))
    parts.append(
        "\nA certificate's signature is ECDSA P-256 with SHA-256 over: the letters PS, the version (1 byte), the kind "
        "(1 byte; 2 white, 3 batch), then all its fields but the signature. The white certificate inside a batch card "
        "has the fields of the white card without the sealed key."
    )
    parts.append(_example("records.one_time"))
    return "\n".join(parts)


def _module_of(name: str) -> ModuleType:
    return certificates if name in certificates.NAMES else records


def _classic() -> str:
    layout = (classic.__doc__ or "").split("\n\n")[2:]
    rows: list[tuple[object, ...]] = []
    for name, kind, length in (
        ("master", records.MASTER, 180),
        ("white", records.WHITE, 220),
        ("batch", records.BATCH, 350),
        ("one-time", records.ONE_TIME, 30),
        ("service", records.SERVICE, 8),
    ):
        blocks = ", ".join(str(block) for block in classic.block_numbers(kind, length))
        rows.append((name, length, blocks, ", ".join(str(sector) for sector in classic.sectors_for(kind, length))))
    trailers: list[tuple[object, ...]] = []
    for label, kind, sector in (
        ("one-time, sector 1", records.ONE_TIME, 1),
        ("master, white, batch: sector 1", records.BATCH, 1),
        ("data sectors", records.BATCH, 2),
        ("white, sector 15", records.WHITE, 15),
        ("batch, sector 15", records.BATCH, 15),
        ("service, sector 1", records.SERVICE, 1),
        ("service, sectors 2 to 15", records.SERVICE, 2),
    ):
        access = classic.encode_access(classic.access_of(kind, sector)).hex(" ")
        key_a = classic.PUBLIC_READ_KEY.decode() + " (public)" if sector == 1 else "read key"
        if kind == records.SERVICE and sector > 1:
            key_a = classic.SERVICE_KEY.decode() + " (public, key B too)"
        conditions = " ".join(f"{condition:03b}" for condition in classic.access_of(kind, sector))
        trailers.append((label, key_a, access, conditions))
    return "\n".join(
        (
            f"## MIFARE Classic 1K\n\n{law(classic)}\n",
            "\n\n".join(" ".join(paragraph.split()) for paragraph in layout) + "\n",
            "Blocks of a record, for one length of each kind as an example:\n",
            table(("card", "record bytes", "blocks in the record's order", "sectors that are ours"), rows),
            "\nTrailers: key A, four access bytes, key B (the write key). Conditions are C1 C2 C3 of the three data "
            "blocks and the trailer.\n",
            table(("where", "key A", "access bytes", "conditions"), trailers),
            "\nA copy of the draw counter is the next credit (4 bytes), its complement (4 bytes), and both again. The "
            "higher of two sound copies counts; the next value goes to the other copy.",
        )
    )


def _keys() -> str:
    rows: list[tuple[object, ...]] = [
        (name.lower(), f"`{value.decode()}`", comment)
        for name, value, comment in constants(master_keys) + constants(keys)
        if isinstance(value, bytes)
    ]
    functions = [
        (f"`{name}`", formula)
        for name, formula in (
            ("authority_scalar", "(HKDF(master secret, authority signing, 48 bytes) mod (n - 1)) + 1"),
            ("white_scalar", "(HKDF(master secret, white signing + white_id, 48 bytes) mod (n - 1)) + 1"),
            ("machine_key", "HKDF(master secret, machine + machine_id + epoch, 32 bytes)"),
            ("institution_key", "HKDF(master secret, institution + institution code, 32 bytes)"),
            ("uplink_key, downlink_key", "HKDF(machine key, uplink or downlink, 16 bytes)"),
            ("nonce_key, journal_key", "HKDF(machine key, nonce or journal, 32 bytes)"),
            ("batch_key", "HKDF(white scalar, batch + batch_id, 32 bytes)"),
            (
                "seal_batch_key",
                "AES-CCM, 8-byte tag, of K_batch; aad = certificate body; key (16 bytes) and nonce (13 bytes) = "
                "HKDF(machine key, batch seal + certificate body, 29 bytes)",
            ),
            ("one_time_tag", "HMAC(K_batch, one-time tag + UID + batch_id + credit), first 16 bytes"),
            ("one_time_access_key", "HMAC(K_batch, one-time access + UID), first 6 bytes"),
            ("batch_access_key", "HMAC(institution key, batch access + UID), first 6 bytes"),
            ("burn_mark", "HMAC(K_batch, burn mark + UID + machine_id + credit), first 16 bytes"),
        )
    ]
    return "\n".join(
        (
            f"## Key chain\n\n{law(keys)}\n",
            f"HKDF is HKDF-SHA256 (RFC 5869) with the salt `{keys.SALT.decode()}`; HMAC is HMAC-SHA256.\n",
            table(("label", "text", "what for"), rows),
            "",
            table(("key", "how"), list(functions)),
        )
    )


def _journal() -> str:
    kinds: list[tuple[object, ...]] = []
    for name, value, comment in constants(journal):
        if isinstance(value, int) and not name.startswith(("CLOCK_", "MA")):
            kinds.append((value, name, comment))
    clocks: list[tuple[object, ...]] = [(value, name, comment) for name, value, comment in constants(journal, "CLOCK_")]
    extra = [("to the end", f"0 to {journal.MAX_DETAIL_BYTES}", "detail", "bytes", "what the kind says")]
    return "\n".join(
        (
            f"## Journal entry\n\n{law(journal)}\n",
            _field_table(journal.Entry.FIELDS, meanings(journal, "Entry.FIELDS"), 0, extra),
            "",
            table(("kind", "name", "meaning"), kinds),
            "",
            table(("clock", "name", "meaning"), clocks),
            "\nChain: the MAC before the first entry is HMAC-SHA256(journal key, `genesis`), each entry's is "
            f"HMAC-SHA256(journal key, MAC before + entry bytes), both cut to their first {journal.MAC_BYTES} bytes.",
            _example("journal.entry"),
        )
    )


def _envelope() -> str:
    return "\n".join(
        (
            f"## Envelope: COSE_Encrypt0\n\n{law(cose)}\n",
            "A report is sealed with the machine's uplink key; kid is its machine_id (4 bytes); the IV is "
            f"HMAC-SHA256(nonce key, payload), first {cose.IV_BYTES} bytes. An answer is sealed with the downlink key; "
            "its IV is HMAC-SHA256(nonce key, `ack` + the report's IV + payload), cut alike, and its external_aad is "
            "the report's IV, so that it answers this report and no other. A push is what the back office says unasked "
            "(by SMS, on a service card): an answer without kid, its IV HMAC-SHA256(nonce key, `push` + serial (4 "
            "bytes) + payload), cut alike, its external_aad `push`. A push may come late and twice, so its time is "
            "never trusted and a command in it is obeyed only when its id is above all that the machine has forgotten.",
            f"\n### CBOR\n\n{law(cbor)} At most {cbor.MAX_BYTES} bytes, {cbor.MAX_ITEMS} items in a list or map, "
            f"{cbor.MAX_DEPTH} levels.",
        )
    )


def _messages() -> str:
    parts = [f"## Uplink messages\n\n{law(uplink)}\n\n### Report\n"]
    parts.append(_member_table(reports, "REPORT_MEMBERS", reports.REPORT_MEMBERS))
    parts.append("\n### Answer\n")
    parts.append(_member_table(uplink, "ACK_MEMBERS", uplink.ACK_MEMBERS))
    parts.append(
        f"\nAt most {uplink.MAX_COMMANDS} commands of at most {uplink.MAX_COMMAND_ARGUMENTS} arguments in one answer.\n"
    )
    sections: dict[str, list[tuple[object, ...]]] = {
        "command": [(value, name, comment) for name, value, comment in constants(command_kinds)],
        "health number": _numbers(health, "HEALTH_"),
        "alert": _numbers(acks, "ALERT_"),
    }
    for title, rows in sections.items():
        parts.append(table((title, "name", "meaning"), rows) + "\n")
    return "\n".join(parts).rstrip()


def _numbers(module: ModuleType, prefix: str) -> list[tuple[object, ...]]:
    return [(value, name, comment) for name, value, comment in constants(module) if name.startswith(prefix)]


def _orders() -> str:
    arguments: list[tuple[object, ...]] = [
        (place, member, comment)
        for place, (member, comment) in enumerate(zip(orders.ARGUMENTS, meanings(orders, "ARGUMENTS"), strict=True))
    ]
    outcomes: list[tuple[object, ...]] = [(value, name, comment) for name, value, comment in constants(results)]
    offset = len(orders.SIGNED_PREFIX)
    extra = [("to the end", f"0 to {orders.MAX_TEXT_BYTES}", "text", "text", "for the machine's screen")]
    return "\n".join(
        (
            f"### Orders\n\n{law(orders)}\n\nBody, behind the prefix:\n",
            _field_table(orders.FIELDS, meanings(orders, "FIELDS"), offset, extra),
            "",
            table(("place", "argument", "what"), arguments),
            _example("orders.body"),
            f"\n### Results of commands\n\n{law(results)}\n",
            table(("result", "name", "meaning"), outcomes),
        )
    )


def _entries() -> str:
    codes = {entries_reader.BITS: "{} bits", entries_reader.GOLOMB: "exp-Golomb {}", entries_reader.NUMBER: "number"}
    header: list[tuple[object, ...]] = [
        (name, codes[code].format(order), meaning)
        for (name, code, order), meaning in zip(entries_reader.HEADER, meanings(entries_reader, "HEADER"), strict=True)
    ]
    tokens: list[tuple[object, ...]] = [
        (f"`{prefix}`", title, summary(reader)) for prefix, title, reader in entries_reader.TOKENS
    ]
    return "\n".join(
        (
            f"### Stream of entries\n\n{law(entries)}\n",
            " ".join((bits.__doc__ or "").split("\n\n")[1].split()).replace("RICE_LIMIT", str(bits.RICE_LIMIT)) + "\n",
            f"At most {entries.MAX_ENTRIES} entries. The last byte is filled up with zero bits. The header is:\n",
            table(("value", "code", "meaning"), header),
            "\nThen tokens until all entries are there:\n",
            table(("begins with", "is", "then"), tokens),
            "\nThe parts of an exam, in this order: " + summary(entries_reader._exam) + " Gaps and durations are coded "
            "less the header's floor. A difference counts from the entry before.",
        )
    )


def _sizes() -> str:
    from tests.firmware.protocol import samples

    sizes = {
        count: len(uplink.seal_report(samples.MACHINE_KEY, samples.report(samples.exams(count))))
        for count in (0, 1, 5, 10, 20, 64)
    }
    rows: list[tuple[object, ...]] = [
        (count, 4 * count, size, f"{size / count:.1f}") for count, size in sizes.items() if count
    ]
    one_more = (sizes[64] - sizes[20]) / 44
    return "\n".join(
        (
            "### Sizes\n\nSealed reports of exams with consecutive credits, minutes apart, times to the second. "
            f"A report without entries has {sizes[0]} bytes, a short message {uplink.SMS_BYTES}; one exam more "
            f"(INTENT, DEBIT, STARTED, ENDED) costs {one_more:.1f} bytes.\n",
            table(("exams", "entries", "bytes", "bytes for each exam"), rows),
        )
    )


def _mailbox() -> str:
    kinds: list[tuple[object, ...]] = [
        (value, name, what)
        for value, name, what in (
            (mailbox.UP, "UP", "a machine's sealed report, as on every transport"),
            (mailbox.PUSH, "PUSH", "what the back office says to a machine, sealed as a push"),
        )
    ]
    most = f"up to {mailbox.room_bytes(mailbox.MAX_STORE_BYTES // mailbox.UNIT_BYTES)}"
    extra = [
        ("7", most, "message", "bytes", f"sealed; behind it the CRC of all before ({mailbox.CRC_BYTES} bytes)"),
    ]
    return "\n".join(
        (
            f"## Service card\n\n{law(mailbox)}\n\nA unit has {mailbox.UNIT_BYTES} bytes, a store at most "
            f"{mailbox.MAX_STORE_BYTES}. A frame:\n",
            _field_table(mailbox.HEADER_FIELDS, meanings(mailbox, "HEADER_FIELDS"), 0, extra),
            "",
            table(("kind", "name", "what"), kinds),
        )
    )


def _hostlink() -> str:
    rows: list[tuple[object, ...]] = [
        (value, name, comment) for name, value, comment in constants(hostlink) if isinstance(value, int) and value < 0
    ]
    example = hostlink.encode(hostlink.request(1, "hello")).decode().strip()
    return "\n".join(
        (
            f"## Host link\n\n{law(hostlink)}\n",
            f"A line has at most {hostlink.MAX_LINE_BYTES} bytes and {hostlink.MAX_BRACKETS} opening brackets. "
            "An error's `data.reason` is one of the reasons or codes in errors.md.\n",
            table(("code", "name", "meaning"), rows),
            f"\nExample: `{example}`",
        )
    )


def _provisioning() -> str:
    rows: list[tuple[object, ...]] = [
        (name, KIND_WORDS[kind] if not size else f"{KIND_WORDS[kind]}, {size} bytes", meaning)
        for (name, kind, size), meaning in zip(provisioning.MEMBERS, meanings(provisioning, "MEMBERS"), strict=True)
    ]
    return "\n".join(
        (
            f"## Provisioning message\n\n{law(provisioning)}\n",
            table(("member", "type", "meaning"), rows),
            f"\nAt most {provisioning.MAX_BYTES} bytes.",
        )
    )


def _field_table(
    fields: tuple[tuple[str, str, int], ...],
    comments: list[str],
    offset: int = 0,
    extra: list[tuple[str, str, str, str, str]] | None = None,
) -> str:
    rows: list[tuple[object, ...]] = []
    start = offset
    for (name, kind, size), comment in zip(fields, comments, strict=True):
        rows.append((offset, size, name, KIND_WORDS[kind], comment))
        offset += size
    if offset != start + size_bytes(fields):
        raise AssertionError("the table and the codec count differently")
    rows += [(offset, size, name, kind, comment) for _, size, name, kind, comment in extra or []]
    return table(("offset", "bytes", "field", "type", "meaning"), rows)


def _member_table(module: ModuleType, name: str, members: tuple[str, ...]) -> str:
    comments = meanings(module, name)
    rows: list[tuple[object, ...]] = [(place, member, comments[place]) for place, member in enumerate(members)]
    return table(("place", "member", "what"), rows)


def _example(name: str) -> str:
    stored = json.loads((ROOT / "shared" / "protocol" / "vectors" / "formats.json").read_text())["vectors"]
    text = next(vector["hex"] for vector in stored if vector["name"] == name)
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\nExample:\n\n```\n" + "\n".join(lines) + "\n```"


def main(arguments: list[str]) -> int:
    return write_or_check(DOCUMENT, document(), "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
