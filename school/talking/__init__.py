"""Answers, and the conversations they belong to."""
