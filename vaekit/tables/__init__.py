"""What metrics are given, as NumPy arrays: opened, checked, binned. No torch."""
