"""The vendor's side: one client for all calls, its errors in our words, and what is asked again."""
