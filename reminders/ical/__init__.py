"""Reminders in the words of other calendars: iCalendar, RFC 5545."""
