"""Import: other people's files become memories and contacts.

    sources.py   which files there are, in folders and archives, and what each of them is
    one reader a format (markdown, plain, pdf, chats, mail, cards, calendars, own): a Source becomes Items, lazily
    pieces.py    texts in the size of a memory
    ledger.py    which import brought what: for undo, and so that nothing comes in twice
    run.py       the loop: items in batches into the store; interrupted at any point it can be run again

What is read is data: nothing of it is run, followed or fetched, and nothing is unpacked to the disk.
"""
