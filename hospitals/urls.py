"""Addresses of hospitals: public, of the platform, and of a hospital's own settings, departments and staff."""

from __future__ import annotations

from django.urls import path

from .views import departments, invitations, platform, profile, public, staff

app_name = "hospitals"

_platform = "platform/hospitals/"
_one = f"{_platform}<str:public_id>/"
_settings = "h/<slug:slug>/settings/"
_departments = "h/<slug:slug>/departments/"
_services = f"{_departments}services/<str:public_id>/"
_staff = "h/<slug:slug>/staff/"
_invitations = f"{_staff}invitations/"

urlpatterns = [
    path("hospitals/", public.hospital_list, name="list"),
    path("hospitals/<slug:slug>/logo/<slug:version>/", public.logo, name="logo"),
    path("invitations/<str:token>/", invitations.accept, name="accept_invitation"),
    path(_platform, platform.hospital_list, name="platform_list"),
    path(f"{_platform}add/", platform.create, name="create"),
    path(_one, platform.detail, name="platform_detail"),
    path(f"{_one}edit/", platform.edit, name="platform_edit"),
    path(f"{_one}deactivate/", platform.deactivate, name="deactivate"),
    path(f"{_one}reactivate/", platform.reactivate, name="reactivate"),
    path(f"{_one}invite-admin/", platform.invite_admin, name="platform_invite"),
    path(
        f"{_one}invitations/<str:invitation_id>/send-again/",
        platform.resend_admin_invitation,
        name="platform_resend",
    ),
    path(
        f"{_one}invitations/<str:invitation_id>/withdraw/",
        platform.withdraw_admin_invitation,
        name="platform_withdraw",
    ),
    path(_settings, profile.profile, name="profile"),
    path(f"{_settings}logo/", profile.change_logo, name="logo_settings"),
    path(f"{_settings}logo/remove/", profile.remove_logo, name="remove_logo"),
    path(f"{_settings}rules/", profile.rules, name="rules"),
    path(f"{_settings}security/", profile.security, name="security"),
    path(_departments, departments.department_list, name="departments"),
    path(f"{_departments}add/", departments.add_department, name="add_department"),
    path(f"{_services}edit/", departments.edit_service, name="edit_service"),
    path(f"{_services}remove/", departments.remove_service, name="remove_service"),
    path(f"{_departments}<str:public_id>/", departments.department, name="department"),
    path(f"{_departments}<str:public_id>/edit/", departments.edit_department, name="edit_department"),
    path(f"{_departments}<str:public_id>/remove/", departments.remove_department, name="remove_department"),
    path(f"{_departments}<str:public_id>/services/add/", departments.add_service, name="add_service"),
    path(_staff, staff.staff_list, name="staff"),
    path(f"{_staff}invite/", invitations.invite, name="invite"),
    path(_invitations, invitations.invitation_list, name="invitations"),
    path(f"{_invitations}<str:public_id>/send-again/", invitations.resend, name="resend_invitation"),
    path(f"{_invitations}<str:public_id>/withdraw/", invitations.withdraw, name="withdraw_invitation"),
    path(f"{_staff}<str:public_id>/", staff.member, name="member"),
    path(f"{_staff}<str:public_id>/role/", staff.change_role, name="change_role"),
    path(f"{_staff}<str:public_id>/suspend/", staff.suspend, name="suspend"),
    path(f"{_staff}<str:public_id>/reactivate/", staff.reactivate, name="reactivate_staff"),
    path(f"{_staff}<str:public_id>/remove/", staff.remove, name="remove_staff"),
]
