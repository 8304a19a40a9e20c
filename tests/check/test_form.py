from portward.check.form import PAGES
from portward.errors import Severity


def test_codes_of_form_and_of_names_are_mistakes_and_those_of_permissions_advice() -> None:
    for page in PAGES:
        assert page.severity is (Severity.ADVICE if page.code.startswith("PW4") else Severity.ERROR)
