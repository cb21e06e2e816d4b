# The sign-in and sign-out pages.
login-title = Sign in
login-for = to continue to { $client }
login-username = User name or e-mail address
login-password = Password
login-submit = Sign in
login-refused = The user name or password is not right, or the account cannot be used.
login-signed-out = You are signed out.
login-password-set = Your password is set. You can sign in with it now.
login-need-username = Enter your user name or e-mail address.
login-need-password = Enter your password.

logout-title = Sign out
logout-ask = Do you want to sign out of { $organisation }?
logout-from = { $client } asks to sign you out.
logout-submit = Sign out
logout-stay = Stay signed in
