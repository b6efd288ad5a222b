"""A method's code is told from what it was before a change; comments and docstrings do not count."""

import sys

import pytest

from idspam_lab.methods import IDSPAM, LPT
from idspam_lab.methods.code import code_of, what_it_does

METHOD = '''
"""A method of one's own."""
from idspam_lab.methods.idspam import IDSPAM


class Own(IDSPAM):
    """Twice the prompt."""

    def prompt(self, source, hidden, mask):
        S, trace = super().prompt(source, hidden, mask)
        return 2 * S, trace  # twice
'''


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A method in a file -> its code's hash."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(source):
        (tmp_path / "own_method.py").write_text(source)
        monkeypatch.delitem(sys.modules, "own_method", raising=False)
        namespace = {"__name__": "own_method", "__file__": str(tmp_path / "own_method.py")}
        module = type(sys)("own_method")
        vars(module).update(namespace)
        monkeypatch.setitem(sys.modules, "own_method", module)
        exec(compile(source, "own_method.py", "exec"), vars(module))
        return code_of(module.Own)

    return write


def test_a_change_is_seen_and_a_comment_is_none(written):
    first = written(METHOD)
    assert written(METHOD.replace("# twice", "# two times").replace("Twice the prompt.", "Doubled.")) == first
    assert written(METHOD.replace("2 * S", "3 * S")) != first


def test_methods_differ_and_the_generator_is_part_of_its_method(monkeypatch):
    from idspam_lab import generator
    from idspam_lab.methods import code

    assert code_of(IDSPAM) != code_of(LPT)
    read = []
    monkeypatch.setattr(code, "what_it_does", lambda source: read.append(source) or what_it_does(source))
    code_of.__wrapped__(IDSPAM)
    assert open(generator.__file__, encoding="utf-8").read() in read


def test_what_is_left_of_a_module():
    source = '"""Doc."""\n\nX = "# no comment"  # one\n\n\ndef f():\n    """Two\n    lines."""\n    return X\n'
    assert what_it_does('class A(B): "Doc."\n\n\ndef g(): ...\n') == "class A(B):\ndef g(): ..."
    assert what_it_does(source) == 'X = "# no comment"\n\ndef f():\n    return X'.replace("\n\n", "\n")
