"""Short messages: sealed reports in, sealed acks and pushes out, over whichever platform is configured."""
