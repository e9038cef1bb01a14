"""Decks for the lecture room, made of walkthroughs by nbconvert: one file each that needs no network."""
