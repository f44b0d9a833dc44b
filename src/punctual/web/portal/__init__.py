"""What contacts of customers see who have signed in."""
