"""Side-by-side measurements of init and its peers. Start at __main__.py; measures/ has one file per measure, peers/ one per supervisor."""
