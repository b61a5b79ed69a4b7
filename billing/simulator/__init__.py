"""A payment gateway to develop and test against: speaks like SSLCommerz v4, moves no money, needs no Django."""
