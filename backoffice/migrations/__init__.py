"""Migrations: the database's shape, step by step."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine

from backoffice.db import MODE_OPTION, WRITE


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest shape: all steps in one transaction, so a step that fails changes nothing."""
    with engine.execution_options(**{MODE_OPTION: WRITE}).begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def configuration() -> Config:
    """Alembic's configuration, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def new_revision(folder: Path, message: str, number: str) -> None:
    """Write the migration that leads from the newest shape to the present models: for developers."""
    engine = create_engine(f"sqlite:///{folder / 'newest.db'}")
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        command.revision(config, message=message, autogenerate=True, rev_id=number)
    engine.dispose()
