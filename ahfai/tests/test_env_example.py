"""`.env.example` is the list of settings."""

import re

from django.conf import settings


def test_every_setting_that_is_read_is_in_the_example_and_no_other():
    source = (settings.BASE_DIR / "ahfai" / "settings.py").read_text()
    read = re.findall(
        r'(?:_text|_flag|_number|_choice|_kept_secret|_address|_addresses|_names|_origins|_targets|_path)\(\s*"([A-Z_]+)"',
        source,
    )
    listed = re.findall(r"^#([A-Z_]+)=", (settings.BASE_DIR / ".env.example").read_text(), re.M)
    assert sorted(set(read)) == sorted(listed)
