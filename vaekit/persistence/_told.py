"""What scikit-learn is told about an estimator and keeps beside its parameters: `set_output`, and what is routed."""

from sklearn import config_context

from vaekit.exceptions import UnreadableFileError

__all__ = ["TOLD", "tell_scikit_learn", "told_to_scikit_learn"]

TOLD = ("output", "requests")


def told_to_scikit_learn(estimator):
    """Return it as plain values: kinds of output by method, and aliases by method and parameter."""
    told, attributes = {}, vars(estimator)
    if "_sklearn_output_config" in attributes:
        told["output"] = dict(attributes["_sklearn_output_config"])
    if "_metadata_request" in attributes:
        by_method = vars(estimator.get_metadata_routing()).items()
        told["requests"] = {name: dict(method.requests) for name, method in by_method if hasattr(method, "requests")}
    return told


def tell_scikit_learn(estimator, told):
    """Give an estimator what was told.

    Raises
    ------
    UnreadableFileError
        If it names what this estimator has not.
    """
    try:
        if "output" in told:
            estimator.set_output(**told["output"])
        with config_context(enable_metadata_routing=True):
            for method, aliases in told.get("requests", {}).items():
                if aliases:
                    getattr(estimator, f"set_{method}_request")(**aliases)
    except (AttributeError, TypeError, ValueError) as error:
        raise UnreadableFileError(f"what it tells scikit-learn is none of this version's ({error})") from error
