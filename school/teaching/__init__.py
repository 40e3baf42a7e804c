"""Teaching: what a step reads, what it does to the weights, and how that is examined."""
