"""JavaScript's tokens and statements, as far as they are told apart."""

import pytest

from evidence.collected.javascript import (
    Kind,
    NotReadError,
    end_of_group,
    leave,
    parts_of,
    statements_of,
    text_of,
    tokens_of,
)


@pytest.mark.parametrize(
    ("source", "tokens"),
    [
        ("a /* b */ = 'c // d'; // e", ("a", "=", "'c // d'", ";")),
        ("a?.b ?? c !== d", ("a", "?.", "b", "??", "c", "!==", "d")),
        ("a ? .5 : b", ("a", "?", ".", "5", ":", "b")),
        ("x = a / b / c;", ("x", "=", "a", "/", "b", "/", "c", ";")),
        ("x = /a}[/}]\\//g.test(y)", ("x", "=", "/a}[/}]\\//g", ".", "test", "(", "y", ")")),
        ("return /}/;", ("return", "/}/", ";")),
        ("`a${b({ c: `}` })}}` + d", ("`a${b({ c: `}` })}}`", "+", "d")),
        ("'it\\'s' + \"a\\\"b\"", ("'it\\'s'", "+", '"a\\"b"')),
        ("(a) => [...b]", ("(", "a", ")", "=>", "[", "...", "b", "]")),
    ],
)
def test_tokens(source: str, tokens: tuple[str, ...]) -> None:
    assert tokens_of(source) == tokens


@pytest.mark.parametrize("source", ["'open", "`open", "`open ${a", "a = #b", "x = /open\n/"])
def test_what_is_no_token_is_not_read(source: str) -> None:
    with pytest.raises(NotReadError):
        tokens_of(source)


def test_texts_are_read_without_their_escapes() -> None:
    assert text_of("'it\\'s\\u00a0\\n'") == "it's\u00a0\n"
    for token in ("`a`", "a", "'a\"", "'"):
        with pytest.raises(NotReadError):
            text_of(token)


def test_groups_and_parts() -> None:
    tokens = tokens_of("f(a, { b: [c, d] }), e")
    assert end_of_group(tokens, 1) == tokens.index("}") + 1
    assert [" ".join(part) for part in parts_of(tokens, ",")] == [
        "f ( a , { b : [ c , d ] } )",
        "e",
    ]
    for broken in ("(a", "(a]", "{ ( }"):
        with pytest.raises(NotReadError):
            end_of_group(tokens_of(broken), 0)


def test_statements() -> None:
    source = """
    const f = (x) => { return 1; };
    function g() { return 2; }
    for (const a of b) { if (a) return 3; }
    if (c) { return 4; } else if (d) throw e; else return 5;
    """
    statements = statements_of(tokens_of(source))
    assert [s.kind for s in statements] == [Kind.OTHER, Kind.FUNCTION, Kind.LOOP, Kind.IF]
    assert [said for s in statements for said in s.returned()] == [("3",), ("4",), ("5",)]


@pytest.mark.parametrize(
    ("source", "leaves"),
    [
        ("return a;", True),
        ("throw a;", True),
        ("{ return a; }", True),
        ("a(); return b; c();", True),
        ("if (a) return b;", False),
        ("if (a) return b; else return c;", True),
        ("if (a) { return b; } else if (c) { return d; }", False),
        ("while (a) { return b; }", False),
        ("f(() => { return a; });", False),
        ("function f() { return a; }", False),
        ("", False),
    ],
)
def test_where_a_run_must_leave(source: str, leaves: bool) -> None:
    assert leave(statements_of(tokens_of(source))) is leaves


@pytest.mark.parametrize(
    "source",
    [
        "switch (a) { case 1: return b; }",
        "try { return a; } finally { b(); }",
        "do { return a; } while (b);",
        "loop: for (;;) { break loop; }",
        "if (a)",
        "if a { }",
        "return a",
        "function f",
        "function f() a;",
        "class A { }",
    ],
)
def test_statements_that_are_not_told_apart_are_not_read(source: str) -> None:
    with pytest.raises(NotReadError):
        statements_of(tokens_of(source))
