"""The tests: one folder per package, `journeys/` on a real RabbitMQ and a real PostgreSQL."""
