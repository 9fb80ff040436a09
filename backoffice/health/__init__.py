"""Is the back office well?"""
