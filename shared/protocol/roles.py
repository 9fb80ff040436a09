"""What a device is provisioned to be."""

SWIPE = "swipe"
MASTER_ISSUER = "master_issuer"
CHILD_ISSUER = "child_issuer"
ROLES = (SWIPE, MASTER_ISSUER, CHILD_ISSUER)
