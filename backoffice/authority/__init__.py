"""The top authority: the one master card, sessions in which it may act, provisioning of devices."""
