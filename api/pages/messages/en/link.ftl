# One-time links.
link-title-administrator = Welcome, first administrator
link-title-password = Set your password
link-words = The account { $user } at { $organisation } gets its password here. This link works once.
link-submit = Set password
