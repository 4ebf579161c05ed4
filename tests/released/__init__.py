"""Small lakes that older versions wrote, and what their own questions answered over them then."""
