"""What every room needs: settings, the log, the clock, files, the machine."""
