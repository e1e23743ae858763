package daptest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/neural-debugger/ndb/traces/tracetest"
)

// A Schema is the protocol's official JSON schema, debugAdapterProtocol.json. It knows the
// part of JSON schema that is used there, and is stricter in one thing: a member that the
// schema does not name is an error, since it is a misspelt one.
type Schema struct {
	definitions map[string]*schemaNode
}

type schemaNode struct {
	Type                 any                    `json:"type"` // a name or a list of them
	Properties           map[string]*schemaNode `json:"properties"`
	Required             []string               `json:"required"`
	AllOf                []*schemaNode          `json:"allOf"`
	OneOf                []*schemaNode          `json:"oneOf"`
	Ref                  string                 `json:"$ref"`
	Enum                 []string               `json:"enum"`
	Items                *schemaNode            `json:"items"`
	Minimum              *float64               `json:"minimum"`
	Maximum              *float64               `json:"maximum"`
	AdditionalProperties json.RawMessage        `json:"additionalProperties"`
}

// OpenSchema returns the schema, which lies as dap/debugAdapterProtocol.json in the folder that
// NDB_DATA names, or in data beside the repository; without it the test is skipped.
func OpenSchema(t testing.TB) *Schema {
	t.Helper()
	s, err := FindSchema()
	if err != nil {
		tracetest.Skip(t, "%v", err)
	}
	return s
}

// FindSchema is OpenSchema that leaves it to the caller what to do without it.
func FindSchema() (*Schema, error) {
	const file = "dap/debugAdapterProtocol.json"
	var tried []string
	if dir := os.Getenv("NDB_DATA"); dir != "" {
		tried = append(tried, filepath.Join(dir, file))
	}
	if wd, err := os.Getwd(); err == nil {
		for dir := wd; ; dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				tried = append(tried, filepath.Join(dir, "..", "shared", "data", file))
				break
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	for _, name := range tried {
		b, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		var s struct {
			Definitions map[string]*schemaNode `json:"definitions"`
		}
		if err == nil {
			err = json.Unmarshal(b, &s)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return &Schema{s.Definitions}, nil
	}
	return nil, fmt.Errorf("the protocol's schema is not here: set NDB_DATA to a folder with %s", file)
}

// Check reports what is wrong with a message.
func (s *Schema) Check(message []byte) error {
	var m struct {
		Type, Command, Event string
		Success              bool
	}
	var v any
	if err := errors.Join(json.Unmarshal(message, &m), json.Unmarshal(message, &v)); err != nil {
		return err
	}
	var name, plain string
	switch m.Type {
	case "request":
		name, plain = m.Command+"Request", "Request"
	case "event":
		name, plain = m.Event+"Event", "Event"
	case "response":
		name, plain = m.Command+"Response", "Response"
		if !m.Success {
			name = "errorResponse"
		}
	default:
		return fmt.Errorf("message of type %q", m.Type)
	}
	node := s.definitions[strings.ToUpper(name[:1])+name[1:]]
	if node == nil {
		if !strings.HasPrefix(name, "ndb/") {
			return fmt.Errorf("the protocol has no %s", name)
		}
		node = s.definitions[plain]
	}
	return s.check("", node, v)
}

// open are definitions whose objects hold what an adapter likes.
var open = []string{"LaunchRequestArguments", "AttachRequestArguments", "RestartArguments"}

func (s *Schema) check(at string, n *schemaNode, v any) error {
	if n.Ref != "" {
		name := strings.TrimPrefix(n.Ref, "#/definitions/")
		if n = s.definitions[name]; n == nil {
			return fmt.Errorf("%s: no definition %s", at, name)
		}
		if slices.Contains(open, name) {
			return nil
		}
	}
	names, closed := map[string]bool{}, true
	s.properties(n, names, &closed)
	if object, ok := v.(map[string]any); ok && closed && len(names) > 0 {
		for name := range object {
			if !names[name] {
				return fmt.Errorf("%s.%s: the schema does not name it", at, name)
			}
		}
	}
	return s.shape(at, n, v)
}

// properties collects the names of the members of an object.
func (s *Schema) properties(n *schemaNode, names map[string]bool, closed *bool) {
	if n.Ref != "" {
		n = s.definitions[strings.TrimPrefix(n.Ref, "#/definitions/")]
	}
	for name := range n.Properties {
		names[name] = true
	}
	if n.AdditionalProperties != nil || n.OneOf != nil {
		*closed = false
	}
	for _, part := range n.AllOf {
		s.properties(part, names, closed)
	}
}

func (s *Schema) shape(at string, n *schemaNode, v any) error {
	if n.Ref != "" {
		n = s.definitions[strings.TrimPrefix(n.Ref, "#/definitions/")]
	}
	for _, part := range n.AllOf {
		if err := s.shape(at, part, v); err != nil {
			return err
		}
	}
	if n.Type != nil && !isType(n.Type, v) {
		return fmt.Errorf("%s: %T, want %v", at, v, n.Type)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range n.Required {
			if _, ok := v[name]; !ok {
				return fmt.Errorf("%s.%s: it is missing", at, name)
			}
		}
		for name, p := range n.Properties {
			if member, ok := v[name]; ok {
				// A message's body and arguments are described twice; the second time says more.
				if err := s.check(at+"."+name, p, member); err != nil {
					return err
				}
			}
		}
	case []any:
		for i, item := range v {
			if n.Items == nil {
				break
			}
			if err := s.check(fmt.Sprintf("%s[%d]", at, i), n.Items, item); err != nil {
				return err
			}
		}
	case string:
		if n.Enum != nil && !slices.Contains(n.Enum, v) {
			return fmt.Errorf("%s: %q is none of %q", at, v, n.Enum)
		}
	case float64:
		if n.Minimum != nil && v < *n.Minimum || n.Maximum != nil && v > *n.Maximum {
			return fmt.Errorf("%s: %v is out of range", at, v)
		}
	}
	return nil
}

func isType(want, v any) bool {
	switch want := want.(type) {
	case string:
		switch v := v.(type) {
		case nil:
			return want == "null"
		case bool:
			return want == "boolean"
		case float64:
			return want == "number" || want == "integer" && v == float64(int64(v))
		case string:
			return want == "string"
		case []any:
			return want == "array"
		case map[string]any:
			return want == "object"
		}
	case []any:
		return slices.ContainsFunc(want, func(w any) bool { return isType(w, v) })
	}
	return false
}

// Commands lists the requests of the protocol.
func (s *Schema) Commands() (commands []string) {
	for name, n := range s.definitions {
		if !strings.HasSuffix(name, "Request") || name == "Request" {
			continue
		}
		for _, part := range n.AllOf {
			if c := part.Properties["command"]; c != nil {
				commands = append(commands, c.Enum...)
			}
		}
	}
	slices.Sort(commands)
	return commands
}
