# Around every page.
shell-logo = Logo of { $organisation }
shell-errors = Please check this:
shell-try-later = Too many attempts. Please wait a little and try again.
shell-expired = This form had expired. Your input is still here: please send it again.
shell-busy = There is much to do right now. Please try again in a moment.
shell-failed = Error:
