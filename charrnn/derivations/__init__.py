"""The systems of four derivations of backpropagation through time, each in its document's own notation.

    D0  Qazi Zarif Ul Islam, Backpropagation through time for RNN (2024)                   mean_loss
    D1  M. M. A., Backpropagation Through Time for Recurrent Neural Network (2019)         mini_batch, vanishing
    D2  Yongqiang Huang, Back Propagation Through Time (2019)                              scalar, vector, multiple
    D3  Nemo, Notes on Forward and Back-Propagation in RNNs (2023)                         update_rules

A module of `systems` holds one system: its forward pass, its loss, its gradients as the document derives them, and what
the document prints where that is wrong. The numbers at the margin are the document's: read a module beside its page.
README.md in this folder is a tour. These modules are for reading and checking: nothing that trains a model uses them.
"""
