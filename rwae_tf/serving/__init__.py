"""The model as a SavedModel: its signatures, its files and its model card."""
