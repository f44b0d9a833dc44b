"""What customers see without a sign-in: their order, the survey."""
