"""One verb, one function: each checks who asks, locks, decides, writes, keeps the story and says what happened."""
