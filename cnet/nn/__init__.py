"""Neural networks: modules, parameters, layers and losses."""

from . import functional, init, modules, parameter, utils
from .modules import *
from .parameter import Buffer, Parameter
