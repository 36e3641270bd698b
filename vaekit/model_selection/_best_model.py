"""What a search passes on to the best model it has found."""

from copy import deepcopy

from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from vaekit.utils._ambient import guarded_arithmetic


def _if_best_has(name):
    """Offer a method where the best model (before `fit`, the model to be fitted) offers it."""
    return available_if(lambda search: hasattr(getattr(search, "best_estimator_", search.estimator), name))


@guarded_arithmetic
class BestModelMixin:
    """A transformer that stands for `best_estimator_`, with those of its methods that this has."""

    def fit_transform(self, X, y=None, sample_weight=None):
        """Search, and encode the same rows with the best model.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows.
        y : array-like of shape (n_samples,), default=None
            As in `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_codes)
            Codes.
        """
        return self.fit(X, y, sample_weight).transform(X)

    @_if_best_has("transform")
    def transform(self, X):
        """Encode with the best model.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_codes)
            Codes.
        """
        check_is_fitted(self)
        return self.best_estimator_.transform(X)

    @_if_best_has("inverse_transform")
    def inverse_transform(self, X):
        """Decode with the best model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_codes)
            Codes.

        Returns
        -------
        rows : ndarray of shape (n_samples, ...)
            Decoded rows.
        """
        check_is_fitted(self)
        return self.best_estimator_.inverse_transform(X)

    @_if_best_has("score")
    def score(self, X, y=None, sample_weight=None):
        """Score of the best model, by its own `score`.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows.
        y : array-like of shape (n_samples,), default=None
            Passed on, where there is one.
        sample_weight : array-like of shape (n_samples,), default=None
            Passed on, where there is one.

        Returns
        -------
        score : float
            Whatever the model calls its score. It is not the agreement of seeds, which takes several models.
        """
        check_is_fitted(self)
        given = (X,) if y is None else (X, y)
        told = {} if sample_weight is None else {"sample_weight": sample_weight}
        return self.best_estimator_.score(*given, **told)

    @_if_best_has("score_samples")
    def score_samples(self, X):
        """Log density of rows under the best model.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            As the model gives it.
        """
        check_is_fitted(self)
        return self.best_estimator_.score_samples(X)

    @_if_best_has("predict")
    def predict(self, X):
        """Predict with the best model, where its last step predicts.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows.

        Returns
        -------
        predicted : ndarray of shape (n_samples,)
            Labels or numbers.
        """
        check_is_fitted(self)
        return self.best_estimator_.predict(X)

    @_if_best_has("predict_proba")
    def predict_proba(self, X):
        """Class probabilities by the best model, where its last step has them.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        return self.best_estimator_.predict_proba(X)

    @_if_best_has("decision_function")
    def decision_function(self, X):
        """Decision values of the best model, where its last step has them.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows.

        Returns
        -------
        values : ndarray of shape (n_samples,) or (n_samples, n_classes)
            As the model gives them.
        """
        check_is_fitted(self)
        return self.best_estimator_.decision_function(X)

    @_if_best_has("get_feature_names_out")
    def get_feature_names_out(self, input_features=None):
        """Names of the codes, from the best model.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of X.

        Returns
        -------
        names : ndarray of str objects
            One per code.
        """
        check_is_fitted(self)
        return self.best_estimator_.get_feature_names_out(input_features)

    @_if_best_has("set_output")
    def set_output(self, *, transform=None):
        """Choose the container of `transform`, before or after `fit`.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            As in scikit-learn's transformers; None changes nothing.

        Returns
        -------
        self : UDRSearch
            The search.
        """
        for estimator in (self.estimator, getattr(self, "best_estimator_", None)):
            if hasattr(estimator, "set_output"):
                estimator.set_output(transform=transform)
        return self

    @property
    def n_features_in_(self):
        """Number of columns that the best model was fitted on."""
        return self._of_best("n_features_in_")

    @property
    def feature_names_in_(self):
        """Names of the columns that the best model was fitted on, where these had names."""
        return self._of_best("feature_names_in_")

    @property
    def classes_(self):
        """Classes of the best model, where its last step classifies."""
        return self._of_best("classes_")

    def _of_best(self, name):
        if not hasattr(self, "best_estimator_"):
            raise AttributeError(f"{type(self).__name__} has no {name} before fit.")
        return getattr(self.best_estimator_, name)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "best_estimator_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_estimator = get_tags(self.estimator)
        tags.estimator_type = of_estimator.estimator_type
        tags.transformer_tags = deepcopy(of_estimator.transformer_tags)
        tags.input_tags = deepcopy(of_estimator.input_tags)
        return tags
