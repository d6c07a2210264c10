"""One strategy per kind: defaults, validation, update rules, selectable fields."""
