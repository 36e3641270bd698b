"""Numbers from arrays: `f(factors, codes)` and `f(features_real, features_fake)`. No torch."""
