"""Style sheets, scripts and the chart library.

Our own files are served under a path that names their content, so a browser may keep them for ever. Vega is not in
this repository: its browser bundle is made once out of the installed `vl-convert-python` and kept in a cache folder.
"""

import gzip
import hashlib
import os
import threading
from functools import cache
from importlib.metadata import version
from pathlib import Path

import vl_convert
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC_FOLDER = Path(__file__).parent / "static"
VEGA_LITE_VERSION = "6.4"
# Only `vegaEmbed` is used, so only that is exported.
_SNIPPET = "window.vegaEmbed = vegaEmbed;"
_FOR_EVER = "public, max-age=31536000, immutable"
_bundling = threading.Lock()


class KeptForEver(StaticFiles):
    """Static files whose address changes with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = _FOR_EVER
        return response


@cache
def static_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(STATIC_FOLDER.rglob("*.*")):
        digest.update(path.relative_to(STATIC_FOLDER).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def static_path() -> str:
    return f"/static/{static_digest()}"


def vega_name() -> str:
    return f"vega-{VEGA_LITE_VERSION}-{version('vl-convert-python')}.js"


def vega_bundle(folder: Path) -> bytes:
    """The chart library, gzip-compressed; made at the first call, which takes about two seconds."""
    path = folder / f"{vega_name()}.gz"
    with _bundling:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            source = vl_convert.javascript_bundle(_SNIPPET, vl_version=VEGA_LITE_VERSION)
            unfinished = path.with_suffix(f".{os.getpid()}")
            unfinished.write_bytes(gzip.compress(source.encode(), compresslevel=6, mtime=0))
            unfinished.replace(path)
        return path.read_bytes()


def vega_response(folder: Path, accept_encoding: str) -> Response:
    packed = vega_bundle(folder)
    headers = {"cache-control": _FOR_EVER, "vary": "accept-encoding"}
    if "gzip" not in accept_encoding:
        return Response(gzip.decompress(packed), media_type="text/javascript", headers=headers)
    return Response(packed, media_type="text/javascript", headers=headers | {"content-encoding": "gzip"})
