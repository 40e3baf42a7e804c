"""Texts of all kinds, and a list of words to find in them."""

from __future__ import annotations

from hypothesis import strategies as st

from bots.chat.wordlist import WordList

LISTED = WordList(["darn", "heck*", "дурак", "bass", "fiddlesticks"])
ODD = st.sampled_from("\u200b\u202e\x00\x1b\u0336\u0301\ufeff\ue000\U000e0041/.!@\\ \t\n:aAbZ0€е") | st.characters()
WILD = st.text(ODD, max_size=80) | st.text(max_size=80)
