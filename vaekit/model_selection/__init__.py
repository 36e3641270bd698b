"""Choosing a model without labels."""
