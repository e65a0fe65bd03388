"""Pages for people: staff now, schools and readers later. They ask services; they hold no rule and no row."""
