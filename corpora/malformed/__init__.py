"""Broken and lying files, which must never pass."""
