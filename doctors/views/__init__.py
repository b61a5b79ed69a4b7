"""What the pages of doctors do, by who reads them."""
