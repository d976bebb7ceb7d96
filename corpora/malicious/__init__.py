"""Hostile samples with inert payloads."""
