"""The frame around every page: sign-in, preferences, navigation, refusals, lists."""
