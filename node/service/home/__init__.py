"""The home's decisions about its cards: standing, places in the quota, mirrors of loans and fines."""
