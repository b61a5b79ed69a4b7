"""Addresses of accounts; the names are the views' names."""

from django.urls import path

from . import views

app_name = "accounts"

urlpatterns = [
    path("log-in/", views.login, name="login"),
    path("log-in/code/", views.enter_code, name="enter_code"),
    path("log-in/send-code/", views.send_code, name="send_code"),
    path("log-out/", views.logout, name="logout"),
    path("confirm/", views.resend, name="resend"),
    path("confirm/<str:token>/", views.verify_email, name="verify_email"),
    path("password/reset/", views.reset_password, name="reset_password"),
    path(
        "password/reset/<str:public_id>/<str:token>/",
        views.reset_password_confirm,
        name="reset_password_confirm",
    ),
    path("password/", views.change_password, name="change_password"),
    path("", views.profile, name="profile"),
    path("e-mail/", views.change_email, name="change_email"),
    path("e-mail/<str:token>/", views.confirm_email, name="confirm_email"),
    path("second-factor/", views.second_factor, name="second_factor"),
    path("second-factor/authenticator/", views.add_authenticator, name="add_authenticator"),
    path("second-factor/authenticator/qr.svg", views.authenticator_qr, name="authenticator_qr"),
    path("second-factor/e-mail/", views.add_email_code, name="add_email_code"),
    path("second-factor/backup-codes/", views.backup_codes, name="backup_codes"),
    path("second-factor/remove/<str:method>/", views.remove_second_factor, name="remove_second_factor"),
    path("step-up/", views.step_up, name="step_up"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/end-others/", views.revoke_other_sessions, name="revoke_other_sessions"),
    path("sessions/<str:public_id>/end/", views.revoke_session, name="revoke_session"),
]
