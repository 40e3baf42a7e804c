"""Twitch: one channel's chat as a place to meet the baby. Importing this loads nothing of Twitch's."""
