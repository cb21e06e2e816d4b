# Die eigene Seite einer Person.
account-title = Ihr Konto
account-user-name = Benutzername
account-name = Name
account-email = E-Mail
account-since = Dabei seit
account-sign-out = Abmelden

account-sessions = Wo Sie angemeldet sind
account-session-count =
    { $count ->
        [one] Sie sind an einer Stelle angemeldet.
       *[other] Sie sind an { $count } Stellen angemeldet.
    }
account-session-this = Diese Sitzung
account-session-began = Angemeldet
account-session-seen = Zuletzt aktiv
account-session-address = Adresse
account-session-unknown = Ein unbekanntes Programm
account-session-end = Diese Sitzung beenden
account-session-end-all = Überall abmelden
account-session-end-all-words = Beendet jede Sitzung, auch diese, und jedes Token, das Anwendungen in Ihrem Namen haben.

account-approvals = Anwendungen mit dauerhaftem Zugriff
account-approvals-none = Es gibt keine.
account-approvals-words = Anwendungen, die Zugriff behalten, während Sie abwesend sind, oder Sie ohne Nachfrage anmelden dürfen. Ein Widerruf beendet sofort jedes Token, das die Anwendung in Ihrem Namen hat.
account-approvals-more = Es gibt weitere. Sie erscheinen hier, wenn Sie diese widerrufen.
account-approval-since = Erlaubt
account-approval-until = Bis
account-approval-once = Behält den einmal erlaubten Zugriff. Beim nächsten Mal fragt sie wieder.
account-approval-remove = Widerrufen

account-password = Passwort ändern
account-password-none = Ihr Konto hat kein Passwort. Bitten Sie einen Administrator um einen Link, um eines zu setzen.
account-password-current = Jetziges Passwort
account-password-new = Neues Passwort
account-password-again = Neues Passwort, noch einmal
account-password-submit = Passwort ändern
account-password-words = Das meldet Sie überall ab und beendet jedes Token, das Anwendungen in Ihrem Namen haben.

account-done-session = Die Sitzung ist beendet.
account-done-approval = Der Zugriff ist widerrufen.
account-wrong-password = Das jetzige Passwort stimmt nicht.

password-hint = Mindestens { $minimum } Zeichen. Ein Satz aus mehreren Wörtern ist ein gutes Passwort.
password-need-current = Geben Sie Ihr jetziges Passwort ein.
password-need-new = Geben Sie ein neues Passwort ein.
password-need-again = Geben Sie das neue Passwort ein zweites Mal ein.
password-differ = Die beiden neuen Passwörter sind nicht gleich.
password-short = Das Passwort ist zu kurz: Es braucht mindestens { $minimum } Zeichen.
password-long = Das Passwort ist zu lang.
password-character = Das Passwort enthält ein Zeichen, das sich nicht tippen lässt.
password-common = Dieses Passwort gehört zu denen, die zuerst ausprobiert werden. Wählen Sie ein anderes.
password-personal = Das Passwort ist Ihrem Benutzernamen oder Ihrer E-Mail-Adresse zu ähnlich. Wählen Sie ein anderes.
password-pattern = Das Passwort folgt nicht den Regeln von { $organisation }.
