"""Only parses the files of a landing zone: `python bench/parse_only.py LANDING`."""

from __future__ import annotations

import sys

import duckdb

FIELDS = {
    "customer": {
        "customerName": "varchar",
        "email": "varchar",
        "phone": "varchar",
        "birthDay": "varchar",
        "serialNumber": "varchar",
        "registrationDate": "bigint",
        "lastUpdateDate": "bigint",
        "shareWithResearchAsOfDate": "bigint",
        "shareWithPublicAsOfDate": "bigint",
        "shareWithFriendsAsOfDate": "bigint",
    },
    "accelerometer": {
        "user": "varchar",
        "timestamp": "bigint",
        "x": "double",
        "y": "double",
        "z": "double",
    },
    "step_trainer": {
        "sensorReadingTime": "bigint",
        "serialNumber": "varchar",
        "distanceFromObject": "double",
    },
}


def query(entity: str, fields: dict[str, str]) -> str:
    """A query that needs every field of an entity's files."""
    largest = ", ".join(f'max("{name}")' for name in fields)
    return (
        f"select {largest} from read_json(getvariable('landing') || '/{entity}/landing/*/*', "
        f"format = 'newline_delimited', columns = {fields})"
    )


if __name__ == "__main__":
    with duckdb.connect() as connection:
        connection.execute("set variable landing = ?", [sys.argv[1]])
        for entity, fields in FIELDS.items():
            connection.execute(query(entity, fields)).fetchall()
