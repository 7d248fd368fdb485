"""Chats on their way in and out."""
