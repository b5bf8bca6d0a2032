"""The engine, free of Office: catalogue and facts in, findings out."""
