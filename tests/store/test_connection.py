"""The short way of `text` statements means what SQLAlchemy's own way means."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from store.connection import transaction
from store.database import Database


@pytest.mark.parametrize("values", [None, {}, {"word": "a"}], ids=["no values", "none given", "one"])
async def test_a_percent_sign_is_one(database: Database, values: dict[str, str] | None) -> None:
    statement = text("SELECT 'ab' LIKE 'a%' AS a, 7 % 4 AS b, '100%' AS c" + (", :word AS d" if values else ""))
    async with transaction(database.engine) as connection:
        row = (await connection.execute(statement, values)).one()
    assert tuple(row)[:3] == (True, 3, "100%")
