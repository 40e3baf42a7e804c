"""What is shown of lessons in a terminal."""
