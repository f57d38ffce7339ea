"""An OpenAI-compatible endpoint on this machine: what other programs ask goes out sanitised and comes back restored."""
