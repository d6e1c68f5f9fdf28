"""The privacy officer's page, with a module for each of its sections."""
