"""From features to q(z | x)."""
