"""The privacy officer's page: what scripts/evidence.py does, a module for each part of it."""
