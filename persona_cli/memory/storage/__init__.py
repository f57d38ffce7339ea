"""Where memories lie: Chroma's folder or server, generations of it, what is known of each, and how it is forgotten."""
