"""Templates as Go has them: what each form makes of a document, and what is said of those that are wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peapod_cli.templates.template import Template
from peapod_cli.templates.tokens import TemplateError

DOCUMENT: dict[str, Any] = {
    "id": "web",
    "labels": {"b": "2", "a": "1"},
    "items": [{"id": "x", "port": 80}, {"id": "y"}],
    "count": 3,
    "big": 1234567,
    "half": 0.5,
    "on": True,
    "off": False,
    "null": None,
    "empty": [],
    "text": "h\u00e9llo",
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("", ""),
        ("plain } text {", "plain } text {"),
        ("{{.id}}", "web"),
        ("{{ .labels.a }}", "1"),
        ("{{$.id}}", "web"),
        ("{{.labels}}", "map[a:1 b:2]"),
        ("{{.items}}", "[map[id:x port:80] map[id:y]]"),
        ("{{.big}} {{.half}} {{.on}} {{.off}}", "1234567 0.5 true false"),
        ("{{.none}} {{.null}} {{.none.deeper}}", "<no value> <no value> <no value>"),
        # Blanks.
        ("a  {{- .id -}}  b", "awebb"),
        ("a \n{{- .id}} b", "aweb b"),
        ("a {{.id -}}\n b", "a webb"),
        ("{{-3}}", "-3"),
        ("a {{/* nothing */}} b", "a  b"),
        ("a {{- /* nothing\nat all */ -}} b", "ab"),
        # Conditions.
        ("{{if .on}}yes{{end}}", "yes"),
        ("{{if .off}}yes{{else}}no{{end}}", "no"),
        ("{{if .empty}}1{{else if .null}}2{{else if .count}}3{{else}}4{{end}}", "3"),
        ("{{if .off}}yes{{end}}", ""),
        ("{{with .labels}}{{.a}}{{$.id}}{{end}}", "1web"),
        ("{{with .empty}}some{{else}}{{.id}}{{end}}", "web"),
        # Loops.
        ("{{range .items}}{{.id}},{{end}}", "x,y,"),
        ("{{range .labels}}{{.}} {{end}}", "1 2 "),
        ("{{range $key, $value := .labels}}{{$key}}={{$value}};{{end}}", "a=1;b=2;"),
        ("{{range $at, $item := .items}}{{$at}}{{$item.id}}{{end}}", "0x1y"),
        ("{{range $item := .items}}{{$item.id}}{{end}}", "xy"),
        ("{{range .empty}}some{{else}}none{{end}}", "none"),
        ("{{range .null}}some{{else}}none{{end}}", "none"),
        # Variables.
        ("{{$x := .id}}{{$x}}", "web"),
        ("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"),
        ("{{$x := 1}}{{range .items}}{{$x = .id}}{{end}}{{$x}}", "y"),
        ("{{with $x := .labels}}{{$x.b}}{{end}}", "2"),
        ("{{if $x := .count}}{{$x}}{{else}}{{$x}}{{end}}", "3"),
        # Functions and pipelines.
        ("{{len .items}}{{len .text}}{{len .labels}}", "262"),
        ("{{.items | len}}", "2"),
        ('{{index .items 0 "id"}}{{(index .items 1).id}}', "xy"),
        ('{{index .labels "none"}}', "<no value>"),
        ('{{printf "%s-%05d|%-4s|%5.1f|%v|%q|%t|%x|%%" .id .count "a" .half .items .id .on 255}}',
         'web-00003|a   |  0.5|[map[id:x port:80] map[id:y]]|"web"|true|ff|%'),
        ('{{"b" | printf "%s%s" "a"}}', "ab"),
        ('{{printf "%*d" 4 7}}{{printf "%c%c" 65 \'B\'}}{{printf "%+d" 3}}', "   7AB+3"),
        ('{{print 1 2 "a" 3 true}}', "1 2a3 true"),
        ('{{println "a" 1}}', "a 1\n"),
        ('{{eq .id "web"}}{{eq .count 1 2 3}}{{ne .id "db"}}{{eq .none "x"}}', "truetruetruefalse"),
        ("{{lt 1 2}}{{le 2 2}}{{gt .half 1}}{{ge \"b\" \"a\"}}", "truetruefalsetrue"),
        ("{{and .on .id}}{{and .off .id}}{{or .off .id}}{{or .off .empty}}{{not .on}}", "webfalseweb[]false"),
        ("{{if and (eq .id `web`) (not (eq .count 4))}}both{{end}}", "both"),
        ('{{exists . "items" 1 "id"}}{{exists . "items" 1 "port"}}{{exists . "null"}}', "truefalsefalse"),
        ('{{"a\\tb\\"\\u00e9\\x41"}}{{`raw\\n`}}', 'a\tb"\u00e9Araw\\n'),
        ("{{0x10}} {{1.5}} {{1e3}} {{-2}}", "16 1.5 1000 -2"),
        ("{{1e21}} {{0.00001}} {{1234567.5}}", "1e+21 1e-05 1.2345675e+06"),
    ],
)  # fmt: skip
def test_what_a_template_makes(template: str, expected: str) -> None:
    assert Template(template).render(DOCUMENT) == expected


@pytest.mark.parametrize(
    ("template", "place", "why"),
    [
        ("a\nb {{ .x", "line 2 column 3", "{{ is not closed by }}"),
        ("{{.x} {{.y}}", "line 1 column 1", "{{ is not closed by }}"),
        ("{{/* x }}", "line 1 column 1", "the comment is not closed by */}}"),
        ('{{"x}}', "line 1 column 3", 'what is quoted by " does not end'),
        ("{{`x}}", "line 1 column 3", "what is quoted by ` does not end"),
        ('{{ "\\z" }}', "line 1 column 5", "\\z is no character"),
        ("{{ 'ab' }}", "line 1 column 4", "between '' stands one character"),
        ("{{%}}", "line 1 column 3", '"%" is not understood'),
        ("{{}}", "line 1 column 3", "a value is missing"),
        ("{{.x | }}", "line 1 column 8", "a value is missing"),
        ("{{.x | 2}}", "line 1 column 8", "behind | stands a function"),
        ("{{.x .y}}", "line 1 column 6", "only a function can be given something"),
        ("{{(.x}}", "line 1 column 3", "( is not closed by )"),
        ("{{.x)}}", "line 1 column 5", '")" is not expected here'),
        ('{{len "a""b"}}', "line 1 column 10", 'a blank is missing before "b"'),
        ("{{frob .x}}", "line 1 column 3", 'there is no function "frob"; known are and, or'),
        ("{{if .x}}", "line 1 column 3", "{{if}} has no {{end}}"),
        ("{{range .x}}{{else}}{{else}}{{end}}", "line 1 column 23", "{{range}} has a second {{else}}"),
        ("{{end}}", "line 1 column 3", "{{end}} ends nothing that has begun"),
        ("{{else}}", "line 1 column 3", "{{else}} ends nothing that has begun"),
        ('{{template "x"}}', "line 1 column 3", "{{template}} is not supported"),
        ("{{$x}}", "line 1 column 3", "the variable $x is not known here"),
        ("{{$x = 1}}", "line 1 column 3", "the variable $x is not known here"),
        ("{{range $x := .items}}{{end}}{{$x}}", "line 1 column 32", "the variable $x is not known here"),
        ("{{$x, $y := .x}}", "line 1 column 3", "only {{range}} fills two variables"),
        ("{{$ := .x}}", "line 1 column 3", "$ is the whole document, and stays so"),
        ("{{" + "(" * 5000 + ")" * 5000 + "}}", "line 1 column 1", "it is nested too deeply"),
        # What only a document shows.
        ("{{.id.x}}", "line 1 column 3", ".x asks for a field of text"),
        ("{{range .count}}{{end}}", "line 1 column 9", "range goes through lists and objects, not a number"),
        ("{{len .count}}", "line 1 column 3", "a number has no length"),
        ("{{len}}", "line 1 column 3", "len is given 0 values, which are too few or too many"),
        ("{{index .items 2}}", "line 1 column 3", "there is no item 2 of 2"),
        ('{{index .items "x"}}', "line 1 column 3", "the index of a list is a number without a point, not text"),
        ("{{index .labels 1}}", "line 1 column 3", "the key of an object is text, not a number"),
        ("{{index .id.x 1}}", "line 1 column 9", ".x asks for a field of text"),
        ('{{eq .count "3"}}', "line 1 column 3", "a number cannot be compared with text"),
        ("{{eq .items .items}}", "line 1 column 3", "a list cannot be compared"),
        ("{{lt .on 1}}", "line 1 column 3", "a truth value and a number have no order"),
        ('{{printf "%d" .id}}', "line 1 column 3", "%d cannot show text"),
        ('{{printf "%y" .id}}', "line 1 column 3", "printf has no verb %y"),
        ('{{printf "%s"}}', "line 1 column 3", "printf has no value for %s"),
        ('{{printf "x" 1 2}}', "line 1 column 3", "printf has no verb for 2 of its values"),
        ('{{printf "%99999d" 1}}', "line 1 column 3", "%99999d is wider than 1000"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(template: str, place: str, why: str) -> None:
    with pytest.raises(TemplateError) as wrong:
        Template(template, "web.tmpl").render(DOCUMENT)
    assert wrong.value.message.startswith(f"web.tmpl: {place}: {why}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
WORDS = (
    "{{ }} {{- -}} .a .b $ $x := = | ( ) , if else end range with len index printf eq not exists print . 1 'c' % /* */"
)
PIECES = st.sampled_from([*WORDS.split(), " ", "\n", '"a"', "`b`", '"%d %s"'])


@given(st.text().filter(lambda text: "{{" not in text), JSON)
def test_text_without_braces_is_shown_as_it_is(text: str, document: Any) -> None:
    assert Template(text).render(document) == text


@given(st.lists(PIECES, max_size=25).map("".join), JSON | st.fixed_dictionaries({"a": JSON, "b": JSON}))
def test_whatever_is_written_there_is_a_result_or_a_place(text: str, document: Any) -> None:
    said = ""
    try:
        Template(text).render(document)
    except TemplateError as wrong:
        said = wrong.message
    assert said == "" or said.startswith("template: line ")


@given(st.text())
def test_text_means_itself_between_quotes(text: str) -> None:
    assert Template("{{" + json.dumps(text, ensure_ascii=False) + "}}").render(None) == text


@given(st.dictionaries(st.text(), st.text(), max_size=5))
def test_an_object_is_gone_through_in_the_order_of_its_keys(pairs: dict[str, str]) -> None:
    made = Template('{{range $k, $v := .}}{{printf "%q:%q\\n" $k $v}}{{end}}').render(pairs)
    lines = [
        f"{json.dumps(key, ensure_ascii=False)}:{json.dumps(pairs[key], ensure_ascii=False)}\n" for key in sorted(pairs)
    ]
    assert made == "".join(lines)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_mean_what_they_meant(number: float) -> None:
    assert float(Template("{{.}}").render(number)) == number
