"""exit_codes"""

UNREAD = 141  # as a shell sees a program whose reader went away
