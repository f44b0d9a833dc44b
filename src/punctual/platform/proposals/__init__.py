"""What an assistant suggests, done only when its person says yes."""
