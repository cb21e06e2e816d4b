# Die Seiten zum An- und Abmelden.
login-title = Anmelden
login-for = weiter zu { $client }
login-username = Benutzername oder E-Mail-Adresse
login-password = Passwort
login-submit = Anmelden
login-refused = Benutzername oder Passwort stimmen nicht, oder das Konto kann nicht benutzt werden.
login-signed-out = Sie sind abgemeldet.
login-password-set = Ihr Passwort ist gesetzt. Sie können sich jetzt damit anmelden.
login-need-username = Geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein.
login-need-password = Geben Sie Ihr Passwort ein.

logout-title = Abmelden
logout-ask = Möchten Sie sich bei { $organisation } abmelden?
logout-from = { $client } möchte Sie abmelden.
logout-submit = Abmelden
logout-stay = Angemeldet bleiben
