"""Random variables: samples, densities, moments, and divergences between them."""

from . import constraints, utils
from .bernoulli import Bernoulli
from .categorical import Categorical
from .cauchy import Cauchy
from .distribution import Distribution
from .exponential import Exponential
from .geometric import Geometric
from .half_normal import HalfNormal
from .independent import Independent
from .kl import kl_divergence, register_kl
from .laplace import Laplace
from .log_normal import LogNormal
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .one_hot_categorical import OneHotCategorical, OneHotCategoricalStraightThrough
from .poisson import Poisson
from .uniform import Uniform

__all__ = ['Bernoulli', 'Categorical', 'Cauchy', 'Distribution', 'Exponential', 'Geometric', 'HalfNormal', 'Independent',
           'Laplace', 'LogNormal', 'MultivariateNormal', 'Normal', 'OneHotCategorical', 'OneHotCategoricalStraightThrough',
           'Poisson', 'Uniform', 'constraints', 'kl_divergence', 'register_kl', 'utils']
