"""One search over all stored bytes: they are decoded in blocks, and searched for people."""
