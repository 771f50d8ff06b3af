"""One file a family of operations; importing one registers its handlers."""
