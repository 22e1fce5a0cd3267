"""Files, JSON and progress: what every layer needs and no method is about."""
