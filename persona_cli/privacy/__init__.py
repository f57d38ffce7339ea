"""What keeps private things private: detect, pseudonyms, vault, gate, restore, audit."""
