# A person's own page.
account-title = Your account
account-user-name = User name
account-name = Name
account-email = E-mail
account-since = Member since
account-sign-out = Sign out

account-sessions = Where you are signed in
account-session-count =
    { $count ->
        [one] You are signed in at one place.
       *[other] You are signed in at { $count } places.
    }
account-session-this = This session
account-session-began = Signed in
account-session-seen = Last active
account-session-address = Address
account-session-unknown = An unknown program
account-session-end = End this session
account-session-end-all = Sign out everywhere
account-session-end-all-words = Ends every session, this one too, and every token that applications hold in your name.

account-approvals = Applications with standing access
account-approvals-none = There are none.
account-approvals-words = Applications that keep access while you are away, or may sign you in without asking. Withdrawing ends at once every token that the application holds in your name.
account-approvals-more = There are more. They appear here as you withdraw these.
account-approval-since = Allowed
account-approval-until = Until
account-approval-once = Keeps the access that you gave it once. It asks again the next time.
account-approval-remove = Withdraw

account-password = Change your password
account-password-none = Your account has no password. Ask an administrator for a link to set one.
account-password-current = Current password
account-password-new = New password
account-password-again = New password, again
account-password-submit = Change password
account-password-words = Changing it signs you out everywhere and ends every token that applications hold in your name.

account-done-session = The session is ended.
account-done-approval = The access is withdrawn.
account-wrong-password = The current password is not right.

password-hint = At least { $minimum } characters. A sentence of several words is a good password.
password-need-current = Enter your current password.
password-need-new = Enter a new password.
password-need-again = Enter the new password a second time.
password-differ = The two new passwords are not the same.
password-short = The password is too short: it needs at least { $minimum } characters.
password-long = The password is too long.
password-character = The password holds a character that cannot be typed.
password-common = This password is one of those that are tried first. Choose another.
password-personal = The password is too close to your user name or e-mail address. Choose another.
password-pattern = The password does not follow the rules of { $organisation }.
