def test_the_reminders_page_opens(client):
    assert client.get("/reminders/").status_code == 200


def test_the_reminders_page_only_shows(client):
    assert client.post("/reminders/").status_code == 405
