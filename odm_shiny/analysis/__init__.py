"""Statistics over frames: pure functions, shared by modules, scripts and the server."""
