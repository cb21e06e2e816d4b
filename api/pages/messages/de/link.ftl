# Einmal-Links.
link-title-administrator = Willkommen, erster Administrator
link-title-password = Passwort setzen
link-words = Hier erhält das Konto { $user } bei { $organisation } sein Passwort. Dieser Link funktioniert einmal.
link-submit = Passwort setzen
