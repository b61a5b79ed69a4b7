"""Pages of the record, by who reads them."""
