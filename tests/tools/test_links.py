"""Links between the pages of the repository, and the menu of its site."""

import re

import links

MENU = (links.ROOT / "tools" / "docs" / "mkdocs.yml").read_text(encoding="utf-8")


def test_every_link_leads_somewhere():
    assert links.faults() == []


def test_links_that_lead_nowhere_are_named(tmp_path):
    (tmp_path / "README.md").write_text(
        "# A title, `code`\n## Twice\n## Twice\n[a](#a-title-code) [b](#twice-1) [c](other.md#here) [d](https://x.org/y)\n"
        "```text\n[e](in_code.md)\n```\n`[f](in_code.md)` [g](none.md) [h](#none) [i](docs/#x) [j](../up.md)\n")
    (tmp_path / "other.md").write_text('<a name="here"></a>\n')
    (tmp_path / "docs").mkdir()
    assert [line.split(": ")[1] for line in links.faults(tmp_path)] == ["none.md", "#none", "docs/#x", "../up.md"]


def test_every_page_is_in_the_menu_of_the_site():
    menu = set(re.findall(r": (\S+\.md)$", MENU, re.M))
    pages = {str(page.relative_to(links.ROOT).with_suffix(".md")) for page in links.pages(links.ROOT)}
    assert pages <= menu
    assert {name for name in menu if not name.startswith("api/")} == pages


def test_lines_of_prose_are_short():
    long = []
    for page in links.pages(links.ROOT):
        if page.suffix == ".md":
            prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
            long += [(page.name, line) for line in links.LINK.sub("]", prose).splitlines()
                     if len(line) > 100 and not line.startswith("|")]
    assert long == []
