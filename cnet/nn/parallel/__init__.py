"""What programs for several devices ask for, on a machine with one."""

from .data_parallel import DataParallel
