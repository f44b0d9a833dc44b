"""Full-text search that finds two-character Chinese words and pinyin initials."""
