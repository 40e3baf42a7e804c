"""A llama in formats that other programs read, and back from one of them."""
