"""The scribe, who comments and keeps the diary."""
