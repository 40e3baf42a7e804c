"""What rings when."""
