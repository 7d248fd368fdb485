from django.contrib import admin

from ahfai.inspection import Inspection
from ahfai.models import Heartbeat


@admin.register(Heartbeat)
class HeartbeatInspection(Inspection):
    shown = ("id", "kind", "host", "pid", "started", "seen")
    list_filter = ("kind", "seen")
