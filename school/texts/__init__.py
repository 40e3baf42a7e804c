"""The library: from files to tokens."""
