"""ID-SPAM: soft prompts made from the input, for a frozen language model."""
