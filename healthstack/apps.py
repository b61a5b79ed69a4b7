from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class HealthStackConfig(AppConfig):
    name = "healthstack"


class ReadOnlyAdminConfig(AdminConfig):
    default_site = "healthstack.admin_site.ReadOnlyAdminSite"
