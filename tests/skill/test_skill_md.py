"""SKILL.md matches the code: functions, fields, states and error codes."""

import ast
import inspect
import re
import sys
import unittest

from answers import ANSWERS, FAILED, INSIDE, ROOT, SKILL, blocks, quoted, skill_md, table_rows

sys.path.insert(0, str(SKILL))
import exports  # noqa: E402

WIT = (ROOT / "wit" / "connection.wit").read_text(encoding="utf-8")


def wit(kind, name):
    """The members of a record or an enum of the contract, spelled as in JSON."""
    body = re.search(rf"{kind} {name} \{{(.*?)\n  \}}", WIT, re.DOTALL).group(1)
    return set(re.findall(r"^    ([a-z0-9-]+)[:,]", body, re.MULTILINE))


def snake(names):
    return {name.replace("-", "_") for name in names}


class TheDocument(unittest.TestCase):
    def test_the_front_matter_has_a_name_and_a_description(self):
        _, head, _ = skill_md().split("---\n", 2)
        fields = dict(line.split(": ", 1) for line in head.splitlines())

        self.assertEqual(set(fields), {"name", "description"})
        self.assertEqual(fields["name"], "chatgpt-oauth")
        self.assertNotIn(": ", fields["description"], "a colon there would need quotes in YAML")
        self.assertLessEqual(len(fields["description"]), 1024)

    def test_the_table_of_answers_names_every_field_and_no_other(self):
        rows = {cells[0]: cells[1] for cells in table_rows() if len(cells) == 2}
        for function, fields in ANSWERS.items():
            signature = str(inspect.signature(getattr(exports, function)).replace(return_annotation=inspect.Signature.empty))
            bare = re.sub(r": [^=,)]+ =", "=", signature).replace("= ", "=")
            with self.subTest(function):
                self.assertEqual(set(quoted(rows[f"`{function}{bare}`"])), fields)
        self.assertEqual(set(quoted(rows["any that failed"])), FAILED)
        self.assertEqual(set(quoted(rows["`pending`"])), INSIDE["pending"])
        for field in ["windows", "models"]:
            self.assertEqual(set(quoted(rows[f"`{field}`, each"])), INSIDE[field])
        self.assertEqual(set(quoted(rows["`credits`"])), INSIDE["credits"])

    def test_every_error_code_of_the_contract_has_one_line_that_says_what_to_do(self):
        codes = [code for cells in table_rows() for code in quoted(cells[0]) if code in wit("enum", "error-code")]

        self.assertEqual(set(codes), wit("enum", "error-code"))
        self.assertEqual(len(codes), len(set(codes)))

    def test_every_state_of_the_contract_has_a_line_that_says_what_to_do(self):
        states = [state for cells in table_rows() for state in re.split(r",\s*", cells[0])]

        self.assertLessEqual(snake(wit("enum", "connection-state")), set(states))

    def test_its_blocks_are_python_for_existing_functions(self):
        self.assertEqual(set(blocks()), {"status", "start", "poll"})
        for block in blocks().values():
            ast.parse(block)


class TheShapes(unittest.TestCase):
    """The tests' own list of fields matches the contract."""

    def test_the_records_are_those_of_the_contract(self):
        records = {
            "connection-status": ANSWERS["status"],
            "logout-result": ANSWERS["logout"],
            "refresh-result": ANSWERS["refresh"] - {"status"},
            "login-progress": ANSWERS["poll"],
            "model-list": ANSWERS["models"],
            "usage-report": ANSWERS["usage"],
            "usage-window": INSIDE["windows"],
            "usage-credits": INSIDE["credits"],
            "model": INSIDE["models"],
            "pending-login": INSIDE["pending"],
        }
        for record, fields in records.items():
            with self.subTest(record):
                self.assertEqual(snake(wit("record", record)), fields)
        self.assertEqual(snake(wit("record", "login-prompt")) - {"pending"} | INSIDE["pending"], ANSWERS["start"] - {"status"})
        self.assertEqual(snake(wit("record", "error")) - {"message"} | {"error"}, FAILED)


if __name__ == "__main__":
    unittest.main()
