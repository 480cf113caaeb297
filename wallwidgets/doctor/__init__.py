"""``wallwidgets doctor``: what is installed, enabled and reachable, and a remedy for the rest."""
