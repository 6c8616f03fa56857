"""The programs of the tutorial "Building models", one function per block. `torch` is the library, `F` its functions."""
from __future__ import annotations

from typing import Any


def tiny_model(torch: Any, F: Any) -> None:
    class TinyModel(torch.nn.Module):

        def __init__(self) -> None:
            super(TinyModel, self).__init__()  # noqa: UP008

            self.linear1 = torch.nn.Linear(100, 200)
            self.activation = torch.nn.ReLU()
            self.linear2 = torch.nn.Linear(200, 10)
            self.softmax = torch.nn.Softmax()

        def forward(self, x: Any) -> Any:
            x = self.linear1(x)
            x = self.activation(x)
            x = self.linear2(x)
            x = self.softmax(x)
            return x

    tinymodel = TinyModel()

    print('The model:')
    print(tinymodel)

    print('\n\nJust one layer:')
    print(tinymodel.linear2)

    print('\n\nModel params:')
    for param in tinymodel.parameters():
        print(param)

    print('\n\nLayer params:')
    for param in tinymodel.linear2.parameters():
        print(param)


def linear(torch: Any, F: Any) -> None:
    lin = torch.nn.Linear(3, 2)
    x = torch.rand(1, 3)
    print('Input:')
    print(x)

    print('\n\nWeight and Bias parameters:')
    for param in lin.parameters():
        print(param)

    y = lin(x)
    print('\n\nOutput:')
    print(y)


def lenet(torch: Any, F: Any) -> None:
    class LeNet(torch.nn.Module):

        def __init__(self) -> None:
            super(LeNet, self).__init__()  # noqa: UP008
            # 1 input image channel (black & white), 6 output channels, 5x5 square convolution
            # kernel
            self.conv1 = torch.nn.Conv2d(1, 6, 5)
            self.conv2 = torch.nn.Conv2d(6, 16, 3)
            # an affine operation: y = Wx + b
            self.fc1 = torch.nn.Linear(16 * 6 * 6, 120)  # 6*6 from image dimension
            self.fc2 = torch.nn.Linear(120, 84)
            self.fc3 = torch.nn.Linear(84, 10)

        def forward(self, x: Any) -> Any:
            # Max pooling over a (2, 2) window
            x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
            # If the size is a square you can only specify a single number
            x = F.max_pool2d(F.relu(self.conv2(x)), 2)
            x = x.view(-1, self.num_flat_features(x))
            x = F.relu(self.fc1(x))
            x = F.relu(self.fc2(x))
            x = self.fc3(x)
            return x

        def num_flat_features(self, x: Any) -> int:
            size = x.size()[1:]  # all dimensions except the batch dimension
            num_features = 1
            for s in size:
                num_features *= s
            return num_features

    net = LeNet()
    out = net(torch.rand(2, 1, 32, 32))
    print(net)
    print(out)
    out.sum().backward()
    for name, param in net.named_parameters():
        print(name, tuple(param.grad.shape), f'{param.grad.abs().sum().item():.3e}')


def max_pool(torch: Any, F: Any) -> None:
    my_tensor = torch.rand(1, 6, 6)
    print(my_tensor)

    maxpool_layer = torch.nn.MaxPool2d(3)
    print(maxpool_layer(my_tensor))


def batch_norm(torch: Any, F: Any) -> None:
    my_tensor = torch.rand(1, 4, 4) * 20 + 5
    print(my_tensor)

    print(my_tensor.mean())

    norm_layer = torch.nn.BatchNorm1d(4)
    normed_tensor = norm_layer(my_tensor)
    print(normed_tensor)

    print(normed_tensor.mean())


def dropout(torch: Any, F: Any) -> None:
    my_tensor = torch.rand(1, 4, 4)

    dropout = torch.nn.Dropout(p=0.4)
    print(dropout(my_tensor))
    print(dropout(my_tensor))


def lstm_tagger(torch: Any, F: Any) -> None:
    class LSTMTagger(torch.nn.Module):

        def __init__(self, embedding_dim: int, hidden_dim: int, vocab_size: int, tagset_size: int) -> None:
            super(LSTMTagger, self).__init__()  # noqa: UP008
            self.hidden_dim = hidden_dim

            self.word_embeddings = torch.nn.Embedding(vocab_size, embedding_dim)

            # The LSTM takes word embeddings as inputs, and outputs hidden states
            # with dimensionality hidden_dim.
            self.lstm = torch.nn.LSTM(embedding_dim, hidden_dim)

            # The linear layer that maps from hidden state space to tag space
            self.hidden2tag = torch.nn.Linear(hidden_dim, tagset_size)

        def forward(self, sentence: Any) -> Any:
            embeds = self.word_embeddings(sentence)
            lstm_out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
            tag_space = self.hidden2tag(lstm_out.view(len(sentence), -1))
            tag_scores = F.log_softmax(tag_space, dim=1)
            return tag_scores

    tagger = LSTMTagger(6, 6, 9, 3)
    print(tagger)
    sentences = [(torch.tensor([0, 1, 2, 0, 3]), torch.tensor([0, 1, 2, 0, 1])),
                 (torch.tensor([4, 5, 6, 7]), torch.tensor([1, 2, 0, 1]))]
    loss_function = torch.nn.NLLLoss()
    optimizer = torch.optim.SGD(tagger.parameters(), lr=0.1)
    for _ in range(300):
        for sentence, tags in sentences:
            tagger.zero_grad()
            loss_function(tagger(sentence), tags).backward()
            optimizer.step()
    with torch.no_grad():
        for sentence, tags in sentences:
            scores = tagger(sentence)
            print(scores.argmax(dim=1).tolist() == tags.tolist())
            print([[round(score, 2) for score in row] for row in scores.tolist()])


BLOCKS = (tiny_model, linear, lenet, max_pool, batch_norm, dropout, lstm_tagger)
