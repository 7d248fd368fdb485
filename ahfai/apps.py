from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class HouseConfig(AppConfig):
    name = "ahfai"
    default = True


class AdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "ahfai.inspection.InspectionSite"
