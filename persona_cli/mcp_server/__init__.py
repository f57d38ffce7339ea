"""persona's memory for other MCP clients: what they are given, and the protocol around it."""
