"""What the gate says of a limit that is reached: finlight's own words where it has any [FL]."""

EXCEEDED = {
    "requests_per_period": "Exceeded token limit of {} for the current period.",
    "requests_per_hour": "Exceeded limit of {} requests for the current hour.",
    "burst_per_10_seconds": "Exceeded rate limit of {} requests per 10 seconds.",
    "streamed_messages_per_period": (
        "Exceeded limit of {} streamed messages for the current period."
    ),
    "webhook_deliveries_per_period": (
        "Exceeded limit of {} webhook deliveries for the current period."
    ),
    "websocket_connections": "Exceeded limit of {} concurrent WebSocket connections.",
    "webhooks": "Exceeded limit of {} webhooks.",
}
"""By limit; the number goes between the braces."""

NOT_IN_PLAN = {"websocket_connections": "WebSocket is", "webhooks": "Webhooks are"}
"""What a limit of 0 means: `WebSocket is not in plan free.`"""
