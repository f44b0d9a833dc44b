"""Background work; the only web-side place that may load the solver."""
