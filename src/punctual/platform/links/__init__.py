"""Links by which somebody without a sign-in answers one question once."""
