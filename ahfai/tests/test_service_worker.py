"""The script that works for this site while none of its pages is open."""

import pytest
from django.test import Client

pytestmark = pytest.mark.same_everywhere


def test_it_comes_from_the_root_without_a_sign_in_and_is_never_kept(nobody):
    answer = nobody.get("/service-worker.js")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    assert b"showNotification" in answer.content
    assert not nobody.cookies


def test_it_may_reach_this_site_alone(db):
    policy = Client().get("/service-worker.js")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    for what in ("connect", "worker", "script"):
        assert f"{what}-src 'self'" in policy
