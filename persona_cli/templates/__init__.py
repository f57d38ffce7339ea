"""Templates: requests and system texts that are kept under a name, persona's own and the user's."""
