"""Measures time and memory of the losses and of a training step beside other libraries, and the app's response times.

`peers` holds the losses to compare with; `turns` checks that all compute the same before it times them.
"""


class BenchError(ValueError):
    """A bench that cannot run with these options; the message names the option, its value and what was expected."""
