"""Shared helpers: the doors to scikit-learn's private pieces and to torch."""
