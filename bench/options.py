"""How the benchmark's options are read."""

from __future__ import annotations

import click


def numbers_of(text: str, option: str) -> tuple[int, ...]:
    """The numbers in "1,10,100", in order, each once. Raises BadParameter."""
    try:
        numbers = sorted({int(number) for number in text.split(",")})
    except ValueError:
        numbers = []
    if not numbers or numbers[0] < 1:
        raise click.BadParameter(f"{text!r} is not numbers with commas", param_hint=option)
    return tuple(numbers)
