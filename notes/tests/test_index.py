def test_the_notes_page_opens(client):
    assert client.get("/notes/").status_code == 200


def test_the_notes_page_only_shows(client):
    assert client.post("/notes/").status_code == 405
