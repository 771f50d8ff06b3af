"""The client: calls an ODM, or the embedded one, and gives frames."""
