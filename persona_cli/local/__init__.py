"""The models that run on this machine: generation (llama.cpp) and embeddings (ONNX Runtime)."""
