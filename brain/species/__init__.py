"""The species of brain, each a whole model with its own shape."""
