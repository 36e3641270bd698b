"""Encoders, decoders and discriminators: networks only, no probability."""
