"""A small monochrome screen: the panel's driver, wide glyphs from flash, and lines of text."""
