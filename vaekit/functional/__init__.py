"""Pure tensor functions: divergences, correlations, couplings, schedules."""
