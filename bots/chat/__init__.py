"""Chat with strangers, whatever the platform."""
