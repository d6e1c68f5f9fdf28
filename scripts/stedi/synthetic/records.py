"""Typed records of the three sources. Times are epoch milliseconds."""

from __future__ import annotations

from typing import NamedTuple

SOURCES = ("customer", "accelerometer", "step_trainer")


class Customer(NamedTuple):
    """A customer record; the email is in its normal form."""

    email: str
    customer_name: str | None
    phone: str | None
    birth_day: str | None
    serial_number: str | None
    registration: int | None
    last_update: int
    research: int | None
    public: int | None
    friends: int | None


Motion = tuple[str, int, float, float, float]  # email, time, x, y, z
Distance = tuple[str, int, float]  # serial number, time, distance
