"""How one would write ingest on a first evening: FastAPI, SQLModel, one insert and one commit a request.

Only for comparison; as durable as the product (SQLite, synchronous=FULL), with none of its checks.
"""

import os
import socket

import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine, event
from sqlmodel import Field, Session, SQLModel, create_engine


class NaiveEntry(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    machine_id: int
    seq: int
    kind: int
    time: int
    credit: int


def make_app() -> FastAPI:
    engine = _engine(os.environ["BENCH_DATABASE"])
    app = FastAPI()

    @app.post("/entries")
    def add(entry: NaiveEntry) -> dict[str, int]:
        with Session(engine) as session:
            session.add(NaiveEntry.model_validate(entry.model_dump()))
            session.commit()
        return {"seq": entry.seq}

    return app


def _engine(path: str) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def durable(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    SQLModel.metadata.tables["naiveentry"].create(engine, checkfirst=True)
    return engine


def main() -> None:
    """Serve on a free loopback port, which is printed."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(listener.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(make_app(), log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
