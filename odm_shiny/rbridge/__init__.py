"""The bridge to R: native values both ways, Python in R and R in Python.

``to_r`` and ``from_r`` convert, ``bioc`` makes Bioconductor's containers, ``host`` runs an R script
inside Python, ``attach`` joins an R that runs Python, ``mailbox`` answers R's calls in both.
Nothing is imported here: rpy2 starts R's library, so it is loaded by whoever asks for it.
"""
