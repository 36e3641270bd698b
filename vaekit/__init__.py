"""Variational autoencoders with decoupled priors, as scikit-learn estimators."""
