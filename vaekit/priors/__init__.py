"""p(z): standard normal, decoupled, elementwise flow."""
