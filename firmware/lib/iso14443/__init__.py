"""ISO/IEC 14443 type A from the reader's side: wake, tell cards apart, select, halt."""
