"""What `evaluate` measures of a trained model, and the table and page that show it."""
