"""The paper's reproduction: its published figures, experiments, training, evaluation and search."""
