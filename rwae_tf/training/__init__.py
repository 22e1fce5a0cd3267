"""The alternating updates and the loop around them."""
