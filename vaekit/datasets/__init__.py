"""Images with their ground-truth factors. No torch."""
