"""Displays: arrays first, pictures second."""
