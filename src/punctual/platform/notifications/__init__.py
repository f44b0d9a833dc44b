"""What a person should know: in-app inbox, mail and chat channels."""
