"""Erasure of people: what `stedi erase` does."""
