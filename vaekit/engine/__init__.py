"""The training engine: phases, the pure step, the books kept by skorch."""
