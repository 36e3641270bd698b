"""Features in which generated and real data are compared, and the distances that come with them."""
