"""Surfaces: where people meet the baby."""

PUBLIC = ("twitch", "room")  # chats with strangers, as the record knows them; old words go from all of them
