from cnet._core.op cimport finish
