"""The layers, one file per family."""

from .activation import *
from .adaptive_pooling import *
from .batchnorm import *
from .container import *
from .conv import *
from .distance import *
from .dropout import *
from .flatten import *
from .fold import *
from .instancenorm import *
from .linear import *
from .loss import *
from .margin_loss import *
from .module import *
from .normalization import *
from .padding import *
from .parameter_container import *
from .pixelshuffle import *
from .pooling import *
from .rectifier import *
from .softmax import *
from .sparse import *
from .upsampling import *
