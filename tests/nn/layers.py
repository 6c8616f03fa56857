"""Constructor arguments for every layer."""

LAYERS = {
    'Linear': (3, 2), 'Bilinear': (2, 3, 4), 'Conv1d': (4, 6, 3, 1, 0, 1, 2), 'Conv2d': (2, 3, (3, 2), 2, 1),
    'Conv3d': (1, 2, 2), 'ConvTranspose1d': (4, 6, 3, 2, 1, 1, 2), 'ConvTranspose2d': (2, 3, 3, 2, 1, 1),
    'ConvTranspose3d': (1, 2, 2), 'Embedding': (4, 3, 1), 'EmbeddingBag': (4, 3), 'BatchNorm1d': (3,), 'BatchNorm2d': (3,),
    'BatchNorm3d': (3,), 'InstanceNorm1d': (3,), 'InstanceNorm2d': (3, 1e-4, 0.2, True, True), 'InstanceNorm3d': (3,),
    'LayerNorm': ((2, 3),), 'GroupNorm': (2, 4), 'RMSNorm': (3,), 'LocalResponseNorm': (2,), 'PReLU': (2,), 'ReLU': (True,),
    'RReLU': (), 'Hardtanh': (), 'ReLU6': (), 'Sigmoid': (), 'Hardsigmoid': (True,), 'Tanh': (), 'SiLU': (True,),
    'Mish': (), 'Hardswish': (), 'ELU': (0.5, True), 'CELU': (), 'SELU': (True,), 'GLU': (), 'GELU': ('tanh',),
    'Hardshrink': (), 'LeakyReLU': (0.2, True), 'LogSigmoid': (), 'Softplus': (), 'Softshrink': (), 'Softsign': (),
    'Tanhshrink': (), 'Threshold': (1, 2, True), 'Softmax': (), 'Softmin': (1,), 'LogSoftmax': (1,), 'Softmax2d': (),
    'Dropout': (), 'Dropout1d': (), 'Dropout2d': (0.1, True), 'Dropout3d': (), 'AlphaDropout': (),
    'FeatureAlphaDropout': (), 'MaxPool1d': (2,), 'MaxPool2d': ((2, 3), 1), 'MaxPool3d': (2,), 'AvgPool1d': (2,),
    'AvgPool2d': (2,), 'AvgPool3d': (2,), 'LPPool1d': (2, 3), 'LPPool2d': (2, 3), 'LPPool3d': (2, 3),
    'MaxUnpool1d': (2,), 'MaxUnpool2d': (2, 3), 'MaxUnpool3d': (2,), 'AdaptiveAvgPool1d': (2,),
    'AdaptiveAvgPool2d': ((1, None),), 'AdaptiveAvgPool3d': (2,), 'AdaptiveMaxPool1d': (2,), 'AdaptiveMaxPool2d': (2,),
    'AdaptiveMaxPool3d': (2,), 'Flatten': (), 'Unflatten': (1, (2, 3)), 'Fold': (4, 2), 'Unfold': (2,),
    'CircularPad1d': (1,), 'CircularPad2d': (1,), 'CircularPad3d': (1,), 'ConstantPad1d': (1, 2.0),
    'ConstantPad2d': ((1, 2, 3, 4), 2), 'ConstantPad3d': (1, 2), 'ReflectionPad1d': (1,), 'ReflectionPad2d': (1,),
    'ReflectionPad3d': (1,), 'ReplicationPad1d': (1,), 'ReplicationPad2d': (1,), 'ReplicationPad3d': (1,),
    'ZeroPad1d': (1,), 'ZeroPad2d': ((1, 2, 0, 0),), 'ZeroPad3d': (1,), 'PixelShuffle': (2,), 'PixelUnshuffle': (2,),
    'ChannelShuffle': (2,),
    'CosineSimilarity': (), 'PairwiseDistance': (), 'L1Loss': (), 'MSELoss': (), 'SmoothL1Loss': (), 'HuberLoss': (),
    'NLLLoss': (), 'CrossEntropyLoss': (), 'PoissonNLLLoss': (), 'GaussianNLLLoss': (), 'KLDivLoss': (), 'BCELoss': (),
    'BCEWithLogitsLoss': (), 'CTCLoss': (), 'HingeEmbeddingLoss': (), 'SoftMarginLoss': (), 'MultiLabelMarginLoss': (),
    'MultiLabelSoftMarginLoss': (), 'MultiMarginLoss': (), 'MarginRankingLoss': (), 'CosineEmbeddingLoss': (),
    'TripletMarginLoss': (), 'TripletMarginWithDistanceLoss': (), 'Identity': (),
    'Upsample': (None, 2.0, 'bilinear'), 'UpsamplingNearest2d': (3,), 'UpsamplingBilinear2d': (None, 2),
    'FractionalMaxPool2d': (2, 3), 'FractionalMaxPool3d': (2, None, 0.5), 'CrossMapLRN2d': (5,), 'SyncBatchNorm': (3,),
    'AdaptiveLogSoftmaxWithLoss': (8, 20, (4, 10)), 'LinearCrossEntropyLoss': (3, 2),
}


def built():
    """A scenario per layer: its repr, its initial state after a seed, its mode."""
    def scenario_for(name):
        def run(lib, nn):
            layer = getattr(nn, name)(*LAYERS[name])
            return repr(layer), layer.state_dict(), layer.training
        return run
    return {f'nn.{name}': scenario_for(name) for name in LAYERS}
