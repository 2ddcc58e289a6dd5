"""What the console asks moderators and tells them."""

import pytest


@pytest.mark.parametrize(
    ("scenarios", "error"),
    [
        (["S01"], "No scenario that you selected has the wording “as-a-question”"),
        (
            ["S01", "S03"],
            "Not every scenario that you selected has the wording “as-a-question”. "
            "These have it: S03. These do not: S01",
        ),
        (["S03", "S04"], None),
    ],
)
def test_a_wording_is_for_the_scenarios_that_name_it(moderator, scenarios, error):
    moderator.get("/research/rounds/new")
    assert "as-a-question (only S03, S04)" in moderator.text
    answers = {"title": "Spring", "scenarios": scenarios, "wordings": ["", "as-a-question"], "order": "same"}
    moderator.post("/research/rounds/new", answers | {"sessions": "1", "retention_days": "30"}, 422 if error else 200)
    assert moderator.errors == ([error] if error else [])
