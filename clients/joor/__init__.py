"""JOOR, v2 and v4."""
