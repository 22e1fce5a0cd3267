"""The numbers of Keras's own layers and Adam, computed faster."""
