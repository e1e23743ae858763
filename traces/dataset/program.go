package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Program is one thing to run: a row of the input.
type Program struct {
	ID       string   // the row's own name, or "FILE:LINE"
	File     string   // name for the file that holds Code, such as "main.py"
	Code     string   // source text
	Function string   // function to call; empty for the whole program
	Args     string   // its arguments as source text, such as "[1, 2], k=3"
	Argv     []string // command line of a whole program, without its name
	Stdin    string
	Expected *string // rendering of the result that the row states; nil if it states none
	License  string  // SPDX identifier as the row gives it
	Repo     string
	Path     string // path within the repository, or below the input folder
}

// ProgramID returns the program's identity: the first 128 bits, in hexadecimal, of the
// SHA-256 of its [Normalize]d source.
func (p *Program) ProgramID() string {
	sum := textHash(Normalize(p.Code))
	return hex.EncodeToString(sum[:])
}

// A digest is the first half of a SHA-256.
type digest [16]byte

// runHash identifies what is run: rows of the same hash give the same trace.
func (p *Program) runHash(program digest) (h digest) {
	d := sha256.New()
	d.Write(program[:])
	for _, s := range append([]string{p.Function, p.Args, p.Stdin}, p.Argv...) {
		fmt.Fprintf(d, "%d:%s", len(s), s)
	}
	copy(h[:], d.Sum(nil))
	return h
}

// A row is any of the row forms that are read. Members that it does not name are ignored.
type row struct {
	ID       json.RawMessage `json:"id"` // a string or a number
	Code     *string         `json:"code"`
	Content  *string         `json:"content"` // the name that The Stack has for code
	Function string          `json:"function"`
	Args     string          `json:"args"`
	Argv     []string        `json:"argv"`
	Stdin    string          `json:"stdin"`
	Expected *string         `json:"expected"`
	License  string          `json:"license"`
	Repo     string          `json:"repo"`
	Path     string          `json:"path"`

	// CruxEval: code, input, output, id.
	Input  *string `json:"input"`
	Output *string `json:"output"`

	// HumanEval: task_id, prompt, canonical_solution, test, entry_point.
	TaskID   string  `json:"task_id"`
	Prompt   *string `json:"prompt"`
	Solution *string `json:"canonical_solution"`
	Test     string  `json:"test"`
	Entry    string  `json:"entry_point"`
}

// parseRow reads one JSON object in any of the row forms. Name is the program's ID where
// the row has none.
func parseRow(line []byte, name string) (*Program, error) {
	if !utf8.Valid(line) {
		return nil, errors.New("not UTF-8")
	}
	if line[0] == '[' {
		return nil, errors.New("a JSON array; one object a line is wanted (jq -c '.[]' makes that)")
	}
	var r row
	if err := json.Unmarshal(line, &r); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return nil, fmt.Errorf("%q is a JSON %s, want a %s", wrong.Field, wrong.Value, wrong.Type)
		}
		return nil, err
	}
	p := &Program{File: "main.py", Function: r.Function, Args: r.Args, Argv: r.Argv, Stdin: r.Stdin, Expected: r.Expected,
		License: r.License, Repo: r.Repo, Path: r.Path}
	switch id := strings.TrimSpace(string(r.ID)); {
	case id == "" || id == "null":
		p.ID = name
	case id[0] == '"':
		if err := json.Unmarshal(r.ID, &p.ID); err != nil {
			return nil, err
		}
	case id[0] == '-' || id[0] >= '0' && id[0] <= '9':
		p.ID = id
	default:
		return nil, errors.New(`"id" is neither a string nor a number`)
	}
	switch {
	case r.Prompt != nil && r.Solution != nil && r.Entry != "":
		if r.TaskID != "" {
			p.ID = r.TaskID
		}
		p.Code = *r.Prompt + *r.Solution + "\n" + r.Test + "\n\ncheck(" + r.Entry + ")\n"
	case r.Code != nil && r.Input != nil && r.Function == "":
		p.Code, p.Function, p.Args, p.Expected = *r.Code, "f", *r.Input, r.Output
	case r.Code != nil:
		p.Code = *r.Code
	case r.Content != nil:
		p.Code = *r.Content
	default:
		return nil, errors.New(`no "code" (nor "prompt" with "canonical_solution" and "entry_point")`)
	}
	if strings.ContainsRune(p.Code+p.Args+p.Stdin, utf8.RuneError) && loneSurrogate(line) {
		return nil, errors.New("a lone surrogate, which no source file can hold")
	}
	return p, p.check()
}

// check reports what makes p no program.
func (p *Program) check() error {
	switch {
	case strings.ContainsRune(p.Code, 0):
		return errors.New("a NUL byte, which no source file can hold")
	case strings.TrimSpace(p.Code) == "":
		return errors.New("no source text")
	case p.Function == "" && p.Args != "":
		return errors.New(`"args" without "function"`)
	case p.Function != "" && len(p.Argv) > 0:
		return errors.New(`"argv" with "function"`)
	}
	return nil
}

// loneSurrogate reports whether a JSON text that decodes to U+FFFD spells none: the decoder
// put it in the place of half a surrogate pair.
func loneSurrogate(line []byte) bool {
	s := strings.ToLower(string(line))
	return !strings.Contains(s, "\uFFFD") && !strings.Contains(s, `\ufffd`)
}
