"""What things cost here: ours, the libraries a user would otherwise take, and the bare limit, side by side.

`plan` says what is timed and checks that all of it computes the same before a clock runs; `timing` runs the cases
of a group in turn in one process, so that what else the machine does meets all of them alike; results are ratios.
"""
