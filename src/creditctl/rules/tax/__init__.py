"""Tax when credits are acquired: where a sale is taxed, at which rates, and how much it comes to.

Places and parties in, a decision (`treatment`), its taxes (`rates`), amounts (`calculation`) and
notices (`words`) out; `assessment` does all four. Rates come from the catalog, never from here.
"""
