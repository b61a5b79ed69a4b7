"""What the pages of appointments do, by noun."""
