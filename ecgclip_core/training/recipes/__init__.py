"""How a checkpoint is trained, one small file a recipe."""
