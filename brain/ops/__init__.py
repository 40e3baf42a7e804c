"""The operations that cost the time: each file has a definition in PyTorch and its compiled form side by side.

``backend.py`` says which of the two is used; ``kernels.c`` has the loops of the compiled ones.
"""
