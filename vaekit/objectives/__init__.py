"""What is minimised: named terms of a model output."""
