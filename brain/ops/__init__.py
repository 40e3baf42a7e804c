"""The operations that cost the time: each with its definition in PyTorch and its compiled form."""
