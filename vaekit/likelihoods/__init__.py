"""From a decoded tensor to p(x | z)."""
