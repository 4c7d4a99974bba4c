"""The networks behind the models, each in PyTorch or ONNX Runtime, and their weights in 8 bits."""

__all__: list[str] = []
