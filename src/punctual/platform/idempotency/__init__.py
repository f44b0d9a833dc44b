"""The same request sent twice does its work once: API keys and form keys."""
