"""Wi-Fi: the clinic's own network."""

from tools.uplinks.ways.internet import Internet


def settings_of(port: int) -> dict[str, object]:
    """To find the relay on loopback."""
    return {"wifi_ssid": "lakeside", "server_host": "127.0.0.1", "server_port": port}


class Wifi(Internet):
    """The board's own radio, TLS over its sockets."""

    name = "wifi"
    story = "TLS over the clinic's Wi-Fi."

    def settings(self) -> dict[str, object]:
        return {**super().settings(), **settings_of(self.relay.port), "transport": "wifi"}
