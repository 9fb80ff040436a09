# The little of the ESP32's own module that the firmware uses.


class Partition:
    @staticmethod
    def mark_app_valid_cancel_rollback() -> None:
        pass
