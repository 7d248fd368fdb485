"""Zone data is the same on every machine."""

import os
import shutil
import subprocess
import sys
from importlib import resources

LOOK = (
    "import datetime, zoneinfo, ahfai; "
    "print(datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin')).utcoffset())"
)


def test_the_zone_data_of_the_package_is_used_and_not_the_systems(tmp_path):
    (tmp_path / "Europe").mkdir()
    with resources.as_file(resources.files("tzdata") / "zoneinfo" / "Asia" / "Tokyo") as wrong:
        shutil.copy(wrong, tmp_path / "Europe" / "Berlin")
    environment = os.environ | {"PYTHONTZPATH": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "2:00:00"
