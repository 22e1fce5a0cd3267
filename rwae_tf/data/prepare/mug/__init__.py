"""From a copy of MUG to TFRecord shards of cropped takes."""
