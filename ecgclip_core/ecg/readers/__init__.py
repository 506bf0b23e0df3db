"""One file a format. `READERS` lists them; a new format is one new file and one line here."""
