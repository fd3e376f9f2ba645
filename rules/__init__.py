"""PURE: decisions without session, clock or HTTP."""
