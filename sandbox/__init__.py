"""Two pretend remote systems with memory, spoken to over HTTP only. Written from the vendors' facts, never from our clients."""
