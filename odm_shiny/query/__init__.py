"""Queries as values: pure, offline, immutable; parsed, printed, compared, never sent here."""
