"""Store the bytes of formats that are new: python -m tools.docs.golden

Formats are append-only, so this only ever adds examples. A stored example that the code makes differently is an
error, here as in the tests.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / "shared" / "protocol" / "vectors" / "formats.json"


def main() -> int:
    sys.path[:0] = [str(ROOT), str(ROOT / "shared")]
    from tests.firmware.protocol import samples

    stored = _stored()
    built: dict[str, str] = samples.build()
    changed = [name for name in stored if built.get(name) != stored[name]]
    if changed:
        print("stored formats may not change: " + ", ".join(changed))
        return 1
    vectors = [{"name": name, "hex": value} for name, value in {**stored, **built}.items()]
    source = "the formats of this protocol, made by tests/firmware/protocol/samples.py; only ever appended"
    STORE.write_text(json.dumps({"source": source, "vectors": vectors}, indent=1) + "\n")
    print(f"{len(built) - len(stored)} new, {len(stored)} unchanged")
    return 0


def _stored() -> dict[str, str]:
    if not STORE.exists():
        return {}
    return {vector["name"]: vector["hex"] for vector in json.loads(STORE.read_text())["vectors"]}


if __name__ == "__main__":
    sys.exit(main())
