"""Numbers from any fitted object that has the public methods."""
