"""What the person at the issuing desk is asked to do: stable words, and the sentences that a page shows."""

SHOW_WHITE = "show_white"
SHOW_BATCH = "show_batch"
SHOW_BLANK = "show_blank"
SHOW_TORN = "show_torn"
WRITING = "writing"
REMOVE = "remove"
TAP_AGAIN = "tap_again"
REJECTED = "rejected"
NOTHING = ""

SENTENCES = {
    SHOW_WHITE: "Put the white card on the reader.",
    SHOW_BATCH: "Put the batch card on the reader.",
    SHOW_BLANK: "Put the next blank card on the reader.",
    SHOW_TORN: "Put the unfinished card back on the reader, or give it up.",
    WRITING: "Writing. Do not move the card.",
    REMOVE: "Done. Take the card away.",
    TAP_AGAIN: "The card was removed too early. Put it back.",
    REJECTED: "This card cannot be used here. Put another one on the reader.",
    NOTHING: "",
}
