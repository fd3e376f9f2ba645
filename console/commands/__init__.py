"""The commands themselves: options in, one call, words or JSON out."""
