"""One file per family of cards: what may be asked of a card once it is selected."""
