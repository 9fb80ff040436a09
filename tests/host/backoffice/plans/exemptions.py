"""Plans that are no fault although they look like one: each with the reason why its work stays bounded."""

REVIEWED: dict[tuple[str, str], str] = {
    ("accounts/repository.py:keep_newest_sessions", "SORT ORDER BY"): "the fifty log-ins of one user, and the new one",
    ("authority/repository.py:card_of_master", "SORT ORDER BY"): "the few cards that one master was written on",
    ("cards/repository.py:card_of", "SORT ORDER BY"): "the few cards that one content was written on",
    ("cards/repository.py:cards_of_credit", "SORT ORDER BY"): "the few cards that one credit was written on",
    ("machines/repository.py:stretches_after", "SORT GROUP BY"): "what lies behind a hole of one machine's journal",
    ("machines/repository.py:stretches_after", "SORT ORDER BY"): "what lies behind a hole of one machine's journal",
    ("sms/repository.py:days_in", "SORT GROUP BY"): "the days that are asked for: a week on the page, at most 400",
    ("sms/repository.py:days_out", "SORT GROUP BY"): "the days that are asked for: a week on the page, at most 400",
    ("usage/repository.py:keys", "SCAN usage"): "the index that has nothing but disputed debits, in its order",
    ("cards/repository.py:page_of", "SORT ORDER BY"): "of one piece of plastic: what it carried, one after the other",
}
"""(function, fault) to reason. An exemption that is not needed any more fails the test."""
