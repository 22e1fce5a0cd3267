"""The model as a SavedModel: what it answers (signatures) and how it is written (saved_model)."""
