"""Finite capacity: the problem as plain data (:mod:`model`), as arrays (:mod:`arrays`), and the compiled schedulers."""
