"""Which types a file of skops may hold."""

from vaekit.persistence._skops import SKLEARN
from vaekit.persistence._table import ESTIMATORS, WORDS
from vaekit.utils._ambient import guarded

__all__ = ["trusted_types"]

# by their paths: rooms of this floor do not import one another
OTHERS = [
    "vaekit.estimators._conditions.Conditions",
    "vaekit.frames._columns.Column",
    "vaekit.frames._columns.Columns",
    "vaekit.impute._imputer.VAEImputer",
    "vaekit.model_selection._udr.UDRSearch",
    "vaekit.outlier._contributions.ReferenceRows",
    "vaekit.outlier._detector.VAEOutlierDetector",
]


@guarded
def trusted_types() -> list[str]:
    """Return the types, besides those that skops trusts, of which pipelines and searches over our estimators are made.

    Returns
    -------
    types : list of str
        For `skops.io.load(file, trusted=...)`; `load` uses them.

    Notes
    -----
    Setting the state of one of these types runs nothing that the file brings. `vaekit.nn.Custom` is not among them: it
    holds modules of others, whose loading runs their code.

    Examples
    --------
    >>> from vaekit.persistence import trusted_types
    >>> "vaekit.estimators._vae.VAE" in trusted_types()
    True
    """
    ours = [*ESTIMATORS.values(), *WORDS.values()]
    return sorted([*(f"{kind.__module__}.{kind.__qualname__}" for kind in ours), *OTHERS, *SKLEARN])
