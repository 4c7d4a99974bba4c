"""Put faces into groups of one person each."""

__all__: list[str] = []
