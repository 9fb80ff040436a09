"""What pages read: queries across the domains, always narrowed to what the viewer may see."""

from typing import Any

from sqlalchemy import Select

AnySelect = Select[*tuple[Any, ...]]
"""A query whatever its columns are."""
