# Um jede Seite herum.
shell-logo = Logo von { $organisation }
shell-errors = Bitte prüfen Sie:
shell-try-later = Zu viele Versuche. Bitte warten Sie ein wenig und versuchen Sie es noch einmal.
shell-expired = Dieses Formular war abgelaufen. Ihre Eingaben sind noch da: Bitte senden Sie es noch einmal ab.
shell-busy = Gerade ist viel zu tun. Bitte versuchen Sie es gleich noch einmal.
shell-failed = Fehler:
