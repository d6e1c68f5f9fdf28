"""Erasure of people: what scripts/erase.py does, a module for each part of it."""
