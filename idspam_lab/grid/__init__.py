"""Many runs from one file: what is missing is executed, what is done is not done again, one table comes out.

plan.py       a grid file -> its runs, checked            block.py      what a block of the file may say
due.py        which runs are still to do                  tuned.py      which settings did best
models.py     where backbones are, and their shapes       shown.py      all of that for a terminal
groups.py     which runs share passes                     execute.py    trains and evaluates runs
folder.py     claims and finished runs on disk            executors.py  on this machine, in one process or several
on_ray.py     on many machines                            collect.py    finished runs -> tables
estimate.py   time and memory before anything is run      sizes.py      how large the tasks are
"""
