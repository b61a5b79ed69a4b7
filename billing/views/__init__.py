"""The pages of billing: the payer's bills, the gateway's callbacks, the cash desk."""
