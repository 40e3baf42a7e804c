"""The parts that species are put together from: embedding, spelling, windows, memory, words."""
