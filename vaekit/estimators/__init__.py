"""scikit-learn faces, one method per file."""
