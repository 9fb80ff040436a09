"""Text as it enters: characters that do not exist are refused at the door.

JSON can spell half a surrogate pair, escaped or in bytes, and a form may name an encoding that can; nothing can
store or hash one. Refused here, a text that cannot be encoded is a fault of ours everywhere else, and logged as one.
Paths, queries and cookies cannot carry them: they are decoded with replacement, or byte by byte.
"""

import json
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

UNPROCESSABLE = 422


class TextRequest(Request):
    """A request whose body holds only text that exists."""

    async def json(self) -> Any:
        """The body. Raises JSONDecodeError."""
        value = await super().json()
        if not _exists(value):
            raise json.JSONDecodeError("a text holds characters that do not exist", "", 0)
        return value

    async def form(self, **limits: Any) -> FormData:  # type: ignore[override]  # nobody opens it as a context here
        """The fields of a form. Raises HTTPException."""
        fields = await super().form(**limits)
        if not _exists([part for field in fields.multi_items() for part in field if isinstance(part, str)]):
            await fields.close()
            raise HTTPException(UNPROCESSABLE)
        return fields


def _exists(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
