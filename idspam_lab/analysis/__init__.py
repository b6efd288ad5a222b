"""What the prompt reads, and how far that explains the prediction: arrays and tables, no pictures."""
