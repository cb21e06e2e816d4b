//! HTML for people: sign-in, consent, logout, sessions, one-time links. Plain forms that work without JavaScript.
