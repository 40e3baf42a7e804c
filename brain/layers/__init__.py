"""The parts that species are put together from: modules with parameters. What they compute is in ``brain/ops``."""
