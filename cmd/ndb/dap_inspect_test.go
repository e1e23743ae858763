package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	godap "github.com/google/go-dap"

	"github.com/neural-debugger/ndb/protocol/dap/daptest"
)

const valuesProgram = `
class Node:
    def __init__(self, value, next):
        self.value = value
        self._next = next

def f(n, deep):
    text = "x" * 500
    many = list(range(100))
    tree = {"a": [1, 2, {"b": (3,)}], "k": Node(1, None)}
    n = n + 1
    return tree

f(1, {1, 2})
`

// Scenarios 18 and 19: what is shown of variables, and evaluated, in any frame.
func TestDAPVariables(t *testing.T) {
	path := script(t, valuesProgram)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path}, func() { c.Break(path, daptest.Lines(11)...) })
	c.Stopped()
	past(c)
	frames := c.Stack(1, 0, 0).StackFrames
	if len(frames) != 2 || frames[0].Name != "f" || frames[1].Name != "<module>" || frames[1].Line != 13 || frames[0].Source.Path != path {
		t.Fatalf("stack %+v", frames)
	}
	locals, ok := c.Scope(frames[0].Id, "Locals")
	if !ok || locals.PresentationHint != "locals" || locals.NamedVariables != 5 {
		t.Errorf("scope %+v", locals)
	}
	vars := map[string]godap.Variable{}
	var names []string
	for _, v := range c.Variables(locals.VariablesReference) {
		names = append(names, v.Name)
		vars[v.Name] = v
	}
	if !slices.Equal(names, []string{"n", "deep", "text", "many", "tree"}) {
		t.Errorf("variables %v", names)
	}
	if v := vars["n"]; v.Value != "2" || v.Type != "int" || v.VariablesReference != 0 || v.EvaluateName != "n" || !slices.Contains(v.PresentationHint.Attributes, "changed") || !slices.Contains(v.PresentationHint.Attributes, "readOnly") {
		t.Errorf("n: %+v", v)
	}
	if v := vars["deep"]; slices.Contains(v.PresentationHint.Attributes, "changed") || v.IndexedVariables != 2 {
		t.Errorf("deep: %+v", v)
	}
	if v := vars["text"]; len(v.Value) != 502 {
		t.Errorf("text: %q", v.Value)
	}
	// Paging: a list says how many it has, and gives any stretch of them.
	many := vars["many"]
	if many.IndexedVariables != 100 || many.NamedVariables != 0 {
		t.Errorf("many: %+v", many)
	}
	var page godap.VariablesResponseBody
	c.Do("variables", map[string]any{"variablesReference": many.VariablesReference, "filter": "indexed", "start": 10, "count": 3}, &page)
	if len(page.Variables) != 3 || page.Variables[0].Name != "10" || page.Variables[2].Value != "12" || page.Variables[1].EvaluateName != "many[11]" {
		t.Errorf("page: %+v", page.Variables)
	}
	c.Do("variables", map[string]any{"variablesReference": many.VariablesReference, "filter": "named"}, &page)
	if len(page.Variables) != 0 {
		t.Errorf("named parts of a list: %+v", page.Variables)
	}
	c.Do("variables", map[string]any{"variablesReference": many.VariablesReference, "start": 99, "count": 100}, &page)
	if len(page.Variables) != 1 {
		t.Errorf("the last page: %+v", page.Variables)
	}
	// Down into a dict, a list, an object.
	tree := c.Variables(vars["tree"].VariablesReference)
	if len(tree) != 2 || tree[0].Name != "'a'" || tree[0].EvaluateName != "tree['a']" || tree[0].IndexedVariables != 3 {
		t.Fatalf("tree: %+v", tree)
	}
	inner := c.Variables(c.Variables(tree[0].VariablesReference)[2].VariablesReference)
	if len(inner) != 1 || inner[0].EvaluateName != "tree['a'][2]['b']" || inner[0].Value != "(3,)" {
		t.Errorf("tree['a'][2]: %+v", inner)
	}
	node := c.Variables(tree[1].VariablesReference)
	if len(node) != 2 || node[0].Name != "value" || node[1].PresentationHint.Visibility != "private" {
		t.Errorf("tree['k']: %+v", node)
	}
	c.Fail(errGone, "variables", map[string]any{"variablesReference": 9999})
	c.Fail(errBadArguments, "variables", map[string]any{"variablesReference": many.VariablesReference, "start": -1})

	for _, test := range []struct {
		frame              int
		expression, result string
	}{
		{0, "n", "2"}, {0, "n * 3", "6"}, {0, "tree['a'][2]['b'][0]", "3"}, {0, "len(many)", "100"}, {0, "tree['k'].value", "1"}, {1, "f", "<function f #1>"},
	} {
		for _, context := range []string{"watch", "hover", "repl", "clipboard", "variables"} {
			body, err := c.Evaluate(frames[test.frame].Id, test.expression, context)
			if err != nil || body.Result != test.result {
				t.Errorf("%s in frame %d (%s): %q, %v; want %q", test.expression, test.frame, context, body.Result, err, test.result)
			}
		}
	}
	if body, err := c.Evaluate(0, "n", "repl"); err != nil || body.Result != "2" || body.Type != "int" {
		t.Errorf("without a frame: %+v, %v", body, err)
	}
	if body, _ := c.Evaluate(frames[0].Id, "tree['a']", "watch"); body.IndexedVariables != 3 || len(c.Variables(body.VariablesReference)) != 3 {
		t.Errorf("a watch to look into: %+v", body)
	}
	for _, bad := range []string{"nothing", "1 +", "", "1 / 0", "x = 1"} {
		f := c.Fail(errEvaluate, "evaluate", map[string]any{"expression": bad, "frameId": frames[0].Id, "context": "watch"})
		if bad == "nothing" && !strings.Contains(f.Text, "NameError") {
			t.Errorf("evaluate %q: %v", bad, f)
		}
	}
	// Scenario 20, in the past: nothing can be set, and nothing pretends to be.
	c.Fail(errPast, "setVariable", map[string]any{"variablesReference": locals.VariablesReference, "name": "n", "value": "7"})
	if f := c.Fail(errPast, "setExpression", map[string]any{"expression": "n", "value": "7", "frameId": frames[0].Id}); !strings.Contains(f.Text, "the past cannot be changed") {
		t.Errorf("setExpression: %v", f)
	}
	if body, _ := c.Evaluate(frames[0].Id, "n", "watch"); body.Result != "2" {
		t.Errorf("n is %s now", body.Result)
	}
	// What a step changes is marked, and in a scope of its own.
	c.Go("stepIn", 1)
	value, ok := c.Scope(c.Top(1).Id, "Return value")
	if v := c.Variables(value.VariablesReference); !ok || value.PresentationHint != "returnValue" || len(v) != 1 || v[0].NamedVariables != 2 {
		t.Errorf("return value %+v: %+v", value, v)
	}
	c.Fail(errGone, "scopes", map[string]any{"frameId": frames[0].Id})
	c.Fail(errGone, "variables", map[string]any{"variablesReference": locals.VariablesReference})
	c.Fail(errGone, "evaluate", map[string]any{"expression": "n", "frameId": frames[0].Id})
	c.Disconnect()
}

// What has changed since the last stop in a frame has a scope of its own.
func TestDAPChanged(t *testing.T) {
	path := script(t, loopProgram)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path}, func() { c.Break(path, daptest.Lines(8)...) })
	c.Stopped()
	if s, ok := c.Scope(c.Top(1).Id, "Changed since the last stop"); ok {
		t.Errorf("at the first stop: %+v", s)
	}
	c.Go("continue", 1)
	s, ok := c.Scope(c.Top(1).Id, "Changed since the last stop")
	if !ok || s.NamedVariables != 1 {
		t.Fatalf("scope %+v", s)
	}
	if v := c.Variables(s.VariablesReference); len(v) != 1 || v[0].Name != "i" || v[0].Value != "1" {
		t.Errorf("changed: %+v", v)
	}
	c.Go("continue", 1)
	c.Go("reverseContinue", 1)
	s, _ = c.Scope(c.Top(1).Id, "Changed since the last stop")
	if v := c.Variables(s.VariablesReference); len(v) != 2 {
		t.Errorf("backwards: %+v", v)
	}
	c.Disconnect()
}

// Scenario 21: the stack of a deep recursion, by pages.
func TestDAPDeepStack(t *testing.T) {
	path := script(t, "def f(n):\n    if n == 0:\n        return 0\n    return f(n - 1)\n\nf(500)\n")
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path}, func() { c.Break(path, daptest.Lines(3)...) })
	c.Stopped()
	page := c.Stack(1, 0, 1)
	if len(page.StackFrames) != 1 || page.TotalFrames != 502 {
		t.Errorf("first page: %d frames of %d", len(page.StackFrames), page.TotalFrames)
	}
	all := c.Stack(1, 0, 0)
	if len(all.StackFrames) != 502 {
		t.Errorf("all: %d", len(all.StackFrames))
	}
	page = c.Stack(1, 499, 20)
	if len(page.StackFrames) != 3 || page.StackFrames[2].Name != "<module>" || page.StackFrames[0].Id != all.StackFrames[499].Id {
		t.Errorf("last page: %+v", page)
	}
	if v := c.Variables(c.Scopes(page.StackFrames[0].Id)[0].VariablesReference); v[0].Value != "499" {
		t.Errorf("frame 499: %+v", v)
	}
	if page := c.Stack(1, 1000, 5); len(page.StackFrames) != 0 {
		t.Errorf("beyond the last: %+v", page)
	}
	// Scenario 11: out of a recursion one level at a time, and over one in a step.
	for n := 1; n <= 3; n++ {
		if c.Go("stepOut", 1); c.Locals(1) != fmt.Sprintf("n=%d", n) || c.At(1) != "f:4" {
			t.Errorf("stepOut %d: %s with %s", n, c.At(1), c.Locals(1))
		}
	}
	c.Disconnect()
}

func TestDAPCompletions(t *testing.T) {
	path := script(t, valuesProgram)
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path}, func() { c.Break(path, daptest.Lines(11)...) })
	c.Stopped()
	past(c)
	frame := c.Top(1).Id
	for _, test := range []struct {
		text  string
		want  string
		start int
	}{
		{"t", "text tree", 1}, {"é + te", "text", 5}, {"tree['k'].", "_next value", 11}, {"nothing.x", "", 0}, {"zzz", "", 0}, {"n + ma", "many", 5},
	} {
		var body struct {
			Targets []struct {
				Label         string
				Start, Length *int
			}
		}
		c.Do("completions", map[string]any{"frameId": frame, "text": test.text, "column": len([]rune(test.text)) + 1}, &body)
		var got []string
		for _, target := range body.Targets {
			got = append(got, target.Label)
			if target.Start == nil || *target.Start != test.start {
				t.Errorf("%s: start %v, want %d", test.text, target.Start, test.start)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("completions of %q: %v, want %s", test.text, got, test.want)
		}
	}
	c.Disconnect()
}

// The text of what ran is the recording's, where the file is gone or has changed since.
func TestDAPSources(t *testing.T) {
	dir := t.TempDir()
	path := scriptIn(t, dir, "prog.py", "import helper\nexec(compile('x = 1\\ny = 2\\n', '<made>', 'exec'))\nhelper.f()\n")
	helper := scriptIn(t, dir, "helper.py", "def f():\n    return 1\n")
	c := adapter(t)
	c.Launch(daptest.Attributes{"program": path, "stopOnEntry": true})
	c.Stopped()
	past(c)
	if err := os.WriteFile(helper, []byte("changed\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var sources godap.LoadedSourcesResponseBody
	c.Do("loadedSources", map[string]any{}, &sources)
	var names []string
	for _, s := range sources.Sources {
		names = append(names, s.Name)
		if (s.SourceReference != 0) != (s.Path == helper || s.Path == "") || len(s.Checksums) != 1 {
			t.Errorf("source %+v", s)
		}
		var body godap.SourceResponseBody
		c.Do("source", map[string]any{"source": s, "sourceReference": s.SourceReference}, &body)
		if s.Path == helper && (body.Content != "def f():\n    return 1\n" || s.Origin == "") {
			t.Errorf("helper.py: %+v", body)
		}
	}
	if !slices.Equal(names, []string{"prog.py", "helper.py", "<made>"}) {
		t.Errorf("sources %v", names)
	}
	var modules, page godap.ModulesResponseBody
	c.Do("modules", map[string]any{}, &modules)
	if len(modules.Modules) != 3 || modules.TotalModules != 3 || modules.Modules[1].Name != "helper" {
		t.Errorf("modules %+v", modules)
	}
	c.Do("modules", map[string]any{"startModule": 1, "moduleCount": 1}, &page)
	if len(page.Modules) != 1 || page.Modules[0].Name != "helper" {
		t.Errorf("modules from 1 on: %+v", page)
	}
	c.Fail(errNoSource, "source", map[string]any{"sourceReference": 77})
	c.Fail(errNoSource, "source", map[string]any{"source": map[string]any{"path": "/nowhere.py"}, "sourceReference": 0})
	c.Fail(errBadArguments, "source", map[string]any{"sourceReference": 0})
	c.Disconnect()
}

// Lines from 0, and paths as URIs.
func TestDAPClientConventions(t *testing.T) {
	path := script(t, loopProgram)
	c := adapter(t)
	c.Do("initialize", map[string]any{"adapterID": "ndb", "linesStartAt1": false, "columnsStartAt1": false, "pathFormat": "uri"}, nil)
	c.Do("launch", map[string]any{"program": path}, nil)
	c.Event(nil, "initialized")
	b := c.Break("file://"+path, daptest.Lines(3)...)[0]
	if !b.Verified || b.Line != 3 || b.Source.Path != "file://"+path {
		t.Errorf("breakpoint %+v %+v", b, b.Source)
	}
	c.Do("configurationDone", nil, nil)
	c.Stopped()
	if f := c.Top(1); f.Line != 3 || f.Column != 0 || f.Source.Path != "file://"+path {
		t.Errorf("frame %+v", f)
	}
	if l := c.Locals(1); l != "n=0 r=0" {
		t.Errorf("stopped with %s", l)
	}
	if len(c.Take("progressStart"))+len(c.Take("invalidated")) > 0 {
		t.Error("events that the client does not know")
	}
	c.Disconnect()
}
