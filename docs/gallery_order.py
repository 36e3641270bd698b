"""The gallery from the first question to the last, rather than by the length of programs."""

__all__ = ["ByQuestion"]

ORDER = [
    "two_moons", "factor_dp_vae", "prior",
    "beta", "n_components", "scale", "warmup", "early_stopping", "compare",
    "mixed_table", "synthetic_rows", "outliers", "gaps", "counts", "conditional",
    "traversals", "factors", "interpolation", "attribute", "latent_map", "windows",
]  # fmt: skip


class ByQuestion:
    """Key of an example's file; those that are not listed come last, by name."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, file_name):
        """Place of `plot_<name>.py` in the order."""
        name = file_name.removeprefix("plot_").removesuffix(".py")
        return (ORDER.index(name) if name in ORDER else len(ORDER), name)
