"""What plans cost, beside the usual ways. `make bench` prints the tables; README.md says how to read them."""
