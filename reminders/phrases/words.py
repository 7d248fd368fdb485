"""The words of the grammar, as data. All are in small letters."""

from dateutil.relativedelta import relativedelta


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _by_word(*lists: str) -> dict[str, int]:
    """The number of the list for each of its words."""
    return {word: number for number, words in enumerate(lists) for word in words.split()}


# In the order of the week and of the year.
CLEAR_WEEKDAYS = _by_word(
    "monday", "tuesday tue tues", "wednesday weds", "thursday thu thur thurs", "friday fri",
    "saturday", "sunday",
)  # fmt: skip
_UNCLEAR_WEEKDAYS = {"mon": 0, "wed": 2, "sat": 5, "sun": 6}
WEEKDAYS = CLEAR_WEEKDAYS | _UNCLEAR_WEEKDAYS
PLURAL_WEEKDAYS = {f"{word}s": day for word, day in WEEKDAYS.items() if word.endswith("day")}
BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKDAYS = ",".join(BYDAY[:5])
MONTHS = {
    word: month + 1
    for word, month in _by_word(
        "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
        "august aug", "september sep sept", "october oct", "november nov", "december dec",
    ).items()
}  # fmt: skip
# As they stand behind a day with a dot: "24. Dezember", "3. oct". There "may" and "march" are more
# often the beginning of a sentence.
MONTHS_BEHIND_DOT = {
    **{word: month for word, month in MONTHS.items() if word not in ("may", "march")},
    **{
        word: month + 1
        for word, month in _by_word(
            "januar jänner jaenner", "februar feber", "märz maerz mär mrz", "", "mai", "juni",
            "juli", "", "", "oktober okt", "", "dezember dez",
        ).items()
    },
}  # fmt: skip
ORDINALS = _by_word(
    "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
    "tenth", "eleventh", "twelfth",
)  # fmt: skip
COUNTS = _by_word(
    "", "one a an", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
)  # fmt: skip
HOUR_WORDS = {word: hour for word, hour in COUNTS.items() if word not in ("a", "an")}
SUFFIXES = {"st", "nd", "rd", "th"}
PARTS = {"morning": 9, "afternoon": 12, "evening": 19, "night": 22, "tonight": 20}
# From noon on: the hours before 12 that are named with them are those after it.
LATE_PARTS = {"afternoon", "evening", "night", "tonight"}
DAY_UNITS = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "fortnight": relativedelta(weeks=2),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}
MINUTES = {
    **dict.fromkeys(("minute", "minutes", "min", "mins", "m"), 1),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), 60),
}
DAY_WORDS = {
    **{word + end: unit for word, unit in DAY_UNITS.items() for end in ("", "s")},
    "wk": DAY_UNITS["week"],
    "wks": DAY_UNITS["week"],
    "d": DAY_UNITS["day"],
    "w": DAY_UNITS["week"],
}
_FREQUENCIES = {
    "day": ("DAILY", 1),
    "week": ("WEEKLY", 1),
    "fortnight": ("WEEKLY", 2),
    "month": ("MONTHLY", 1),
    "quarter": ("MONTHLY", 3),
    "year": ("YEARLY", 1),
    "hour": ("HOURLY", 1),
    "hr": ("HOURLY", 1),
    "minute": ("MINUTELY", 1),
    "min": ("MINUTELY", 1),
    "h": ("HOURLY", 1),
    "d": ("DAILY", 1),
    "w": ("WEEKLY", 1),
}
PERIODS = {word + end: period for word, period in _FREQUENCIES.items() for end in ("", "s")}
ADVERBS = {
    "hourly": ("HOURLY", 1),
    "daily": ("DAILY", 1),
    "weekly": ("WEEKLY", 1),
    "biweekly": ("WEEKLY", 2),
    "fortnightly": ("WEEKLY", 2),
    "monthly": ("MONTHLY", 1),
    "quarterly": ("MONTHLY", 3),
    "yearly": ("YEARLY", 1),
    "annually": ("YEARLY", 1),
}
EVERY = {"every", "each", "ev"}

# Words that hold on to what follows: "news of monday", "the tomorrow", "before friday".
CLINGING = _words(
    "a an the of about from to till until before after since than as like with without and or vs "
    "versus not no is was are were be been it's that's my your our his her its their some any what "
    "who every each last past in within per except"
)
# Names that end like a date or have one after them.
NAMING = _words(
    "good black cyber ash palm easter whit super fat shrove holy bloody manic ruby freaky casual "
    "girl man giving blue lazy any given high rainy sunny snowy stormy foggy windy gloomy"
)
# What is numbered: "room 12.30", "chapter 3/4", "John 3:16".
NUMBERED = _words(
    "room chapter ch page p pages no nr number version v part season episode flat apartment unit "
    "bus line gate platform track highway route level size model section sect paragraph article "
    "item issue ticket phase step score ratio scale verse psalm psalms genesis exodus leviticus "
    "deuteronomy joshua job proverbs isaiah jeremiah daniel matthew mark luke john acts romans "
    "corinthians galatians ephesians philippians hebrews james peter revelation surah"
)
FRACTIONS = {"24/7", "9/11", "7/11", "1/2", "1/3", "2/3", "1/4", "3/4", "50/50", "20/20"}
# What people write down to do, so that a day before it is a day: "Monday call mum".
DOING = _words(
    "add apply arrange ask attend back bake bath bring book buy call cancel change check clean "
    "collect complete cook confirm contact deliver discuss do drive drop email feed file fill find "
    "finish fix follow get give go hand help install invite iron learn leave listen lock look mail "
    "make meet move mow order organise organize pack paint pay phone pick plan post practice "
    "practise prepare print put read register remind remove renew repair replace reply report "
    "request return review ring run schedule sell send set sign start stop study submit take talk "
    "tell test text tidy transfer try turn update visit wake wash watch water work write"
)
# "Every day I write" tells something, "every day I must write" is to be done.
SOMEBODY = _words("i you he she we they")
WANTING = _words("must need should want have will would shall can could am")
# What takes so long, and isn't due then: "learn to cook in 30 days".
LASTING = _words("around learn lose gain master")
# After a bare number these go on with the sentence: "at 9 with Bob", and not "at 9 tables".
GOING_ON = _words(
    "with on in for to and or about by at from until till every each today tomorrow tonight this "
    "next then because if when sharp via near starting except daily weekly monthly quarterly "
    "yearly annually"
)
PUNCTUATION = frozenset(".,;:!?…-–—()[]")
OPENING, CLOSING = frozenset("([{'\"“„«"), frozenset(")]}'\"”“»,;:!?.…")
