"""Shape of input about appointments, by noun."""
