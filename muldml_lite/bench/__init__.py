"""What things cost here: the losses and a training step beside other ways to the same, and the app for its visitors.

`peers` holds what the losses are timed against; `turns` checks that all of it computes the same before a clock runs.
"""


class BenchError(ValueError):
    """A bench that cannot be run as asked; the message names the option, its value and what was expected."""
