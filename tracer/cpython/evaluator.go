package cpython

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/neural-debugger/ndb/traces"
)

//go:embed evaluate.py
var evaluateSource string

// ErrSyntax reports a text that is no Python expression.
var ErrSyntax = errors.New("syntax error")

const (
	evaluationTime   = 5 * time.Second
	startTime        = time.Minute // of the interpreter
	evaluationMemory = 4096        // MiB of address space, where the system can limit it
	batchSize        = 512         // states sent at a time
	maxExpressions   = 256         // whose names are remembered
)

// An Evaluator evaluates Python expressions over recorded locals, in an interpreter of its
// own that starts at first use. Values are rebuilt from their renderings. Where those do not
// tell all, an expression gets a stand-in: it has the attributes and items that were
// recorded, is identical to itself under other names, and refuses anything else.
//
// A list, dict or set that had several names is rebuilt for each: recordings don't number
// them. Renderings by the program's own __repr__ are read as if they were Python's.
// An Evaluator can be used by several goroutines.
type Evaluator struct {
	TimeLimit time.Duration // for every 512 states; 0 means 5 seconds

	py    *Interpreter
	mu    sync.Mutex
	proc  *evaluatorProcess   // nil: not running
	reads map[string][]string // expression -> names that it reads; nil: all
	text  renderer
}

// An Evaluation is what became of an expression in one state.
type Evaluation struct {
	Value   traces.Value
	Truth   bool   // of the value
	Unknown string // why Truth is not known although there is a value, or ""
	Err     string // what was raised, such as "NameError: name 'y' is not defined", or why a value could not be rebuilt; or ""
}

// NewEvaluator returns an evaluator that runs on py.
func NewEvaluator(py *Interpreter) *Evaluator {
	d := DefaultLimits()
	return &Evaluator{py: py, reads: map[string][]string{}, text: renderer{chars: d.ValueChars, depth: d.ValueDepth, items: d.ValueItems, minor: py.Minor}}
}

// Evaluate evaluates expr once for each state, given by its full locals, and returns as many
// results. No evaluation sees what another one changed in its locals. An error is a wrapped
// [ErrSyntax], or says that ctx, the time or the interpreter came to an end; the next call
// starts another interpreter.
func (e *Evaluator) Evaluate(ctx context.Context, expr string, states [][]traces.Local) ([]Evaluation, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	expr = strings.TrimSpace(strings.ToValidUTF8(expr, "\ufffd"))
	out, err := e.evaluate(ctx, expr, states)
	if err != nil {
		return nil, fmt.Errorf("evaluate %q: %w", expr, err)
	}
	return out, nil
}

// Close ends the interpreter. The evaluator can be used again.
func (e *Evaluator) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stop()
	return nil
}

func (e *Evaluator) evaluate(ctx context.Context, expr string, states [][]traces.Local) ([]Evaluation, error) {
	names, err := e.namesIn(ctx, expr)
	if err != nil {
		return nil, err
	}
	out := make([]Evaluation, 0, len(states))
	for batch := range slices.Chunk(states, batchSize) {
		reply, err := e.exchange(ctx, evaluationRequest(expr, names, batch))
		if err != nil {
			return nil, err
		}
		if out, err = e.appendResults(out, reply, len(batch)); err != nil {
			e.stop()
			return nil, err
		}
	}
	return out, nil
}

// namesIn returns the names that an expression reads; nil if it may read any.
func (e *Evaluator) namesIn(ctx context.Context, expr string) ([]string, error) {
	if names, ok := e.reads[expr]; ok {
		return names, nil
	}
	reply, err := e.exchange(ctx, map[string]any{"expr": expr})
	if err != nil {
		return nil, err
	}
	status, text, line, column, err := readNames(reply)
	switch {
	case err != nil:
		e.stop()
		return nil, err
	case status == 2 && line > 1:
		return nil, fmt.Errorf("%w: %s at line %d, column %d", ErrSyntax, text, line, column)
	case status == 2 && column > 0:
		return nil, fmt.Errorf("%w: %s at column %d", ErrSyntax, text, column)
	case status == 2:
		return nil, fmt.Errorf("%w: %s", ErrSyntax, text)
	}
	var names []string
	if status == 0 {
		names = strings.FieldsFunc(text, func(c rune) bool { return c == '\n' })
	}
	if len(e.reads) >= maxExpressions {
		clear(e.reads)
	}
	e.reads[expr] = names
	return names, nil
}

// readNames reads [0 or 1, names] or [2, message, line, column].
func readNames(reply []byte) (status int, text string, line, column int, err error) {
	r := renderer{in: reply}
	n, err := r.begin(mList)
	if err == nil && n != 2 && n != 4 {
		err = errWire
	}
	if err == nil {
		status, err = r.begin(mInt)
	}
	if err == nil {
		text, err = r.text()
	}
	if err == nil && n == 4 {
		line, err = r.begin(mInt)
	}
	if err == nil && n == 4 {
		column, err = r.begin(mInt)
	}
	return status, text, line, column, err
}

// begin takes a type code and the 32 bits after it.
func (r *renderer) begin(code byte) (int, error) {
	if b, err := r.take(1); err != nil || b[0] != code {
		return 0, errWire
	}
	return r.int32()
}

// evaluationRequest has each distinct value once, and for each state the index of each name's value, or -1.
func evaluationRequest(expr string, names []string, states [][]traces.Local) map[string]any {
	if names == nil {
		seen := map[string]bool{}
		for _, state := range states {
			for _, l := range state {
				if !seen[l.Name] {
					seen[l.Name] = true
					names = append(names, l.Name)
				}
			}
		}
	}
	if len(names) == 0 {
		names = []string{""} // so that every state has an index
	}
	type key struct{ text, typ string }
	known := map[key]int{}
	var values []string
	indexes := make([]int, 0, len(names)*len(states))
	for _, state := range states {
		for _, name := range names {
			at := slices.IndexFunc(state, func(l traces.Local) bool { return l.Name == name })
			if at < 0 || name == "" {
				indexes = append(indexes, -1)
				continue
			}
			k := key{state[at].Text, state[at].Type}
			i, ok := known[k]
			if !ok {
				i = len(known)
				known[k] = i
				values = append(values, k.text, k.typ)
			}
			indexes = append(indexes, i)
		}
	}
	return map[string]any{"expr": expr, "names": names, "values": values, "indexes": indexes}
}

// Statuses of a result in evaluate.py.
const (
	isTrue    = 1
	isUnknown = 2
	isFailed  = 3
	wasCut    = 4
)

// appendResults reads a list of three items a state: status, value and message.
func (e *Evaluator) appendResults(out []Evaluation, reply []byte, states int) ([]Evaluation, error) {
	in := renderer{in: reply}
	if n, err := in.begin(mList); err != nil || n != 3*states {
		return nil, errWire
	}
	for range states {
		status, err := in.begin(mInt)
		if err != nil {
			return nil, err
		}
		start := in.pos
		if err := in.skip(0); err != nil {
			return nil, err
		}
		value := reply[start:in.pos]
		if value[0] == mByts {
			value = value[5:]
		}
		message, err := in.text()
		if err != nil {
			return nil, err
		}
		if status == isFailed {
			out = append(out, Evaluation{Err: message})
			continue
		}
		text, typ, cut, err := e.text.render(value)
		if err != nil {
			return nil, err
		}
		result := Evaluation{Value: toValue(text, typ, cut || status&wasCut != 0), Truth: status&^wasCut == isTrue}
		if status&^wasCut == isUnknown {
			result.Unknown = message
		}
		out = append(out, result)
	}
	return out, nil
}

// An evaluatorProcess is a running evaluate.py.
type evaluatorProcess struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.ReadCloser
	stderr *bytes.Buffer // of the interpreter as it starts; to be read after its end
}

// exchange sends a request and returns the reply. After an error the interpreter is gone.
func (e *Evaluator) exchange(ctx context.Context, request any) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := e.start(ctx); err != nil {
		return nil, fmt.Errorf("start python: %w", err)
	}
	limit := e.TimeLimit
	if limit <= 0 {
		limit = evaluationTime
	}
	tooLong := fmt.Errorf("took longer than %v", limit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, tooLong)
	defer cancel()
	return e.ask(ctx, marshalValue(nil, request))
}

// start starts the interpreter if it does not run.
func (e *Evaluator) start(ctx context.Context) error {
	if e.proc != nil {
		return nil
	}
	boot := fmt.Sprintf("import sys, os; sys.path[:1] = [%s]; stream = open(os.dup(0), 'rb'); "+
		"exec(compile(stream.read(int.from_bytes(stream.read(4), 'little')), 'evaluate.py', 'exec'))", quoteText(e.py.agent, e.py.Minor))
	p := &evaluatorProcess{cmd: exec.Command(e.py.Path, "-s", "-S", "-W", "ignore", "-c", boot), stderr: &bytes.Buffer{}}
	p.cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "PYTHON") })
	p.cmd.Env = append(p.cmd.Env, "PYTHONHASHSEED=0")
	p.cmd.Stderr, p.cmd.WaitDelay = p.stderr, grace
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	if p.out, err = p.cmd.StdoutPipe(); err != nil {
		return err
	}
	prepare(p.cmd, true)
	if err := p.cmd.Start(); err != nil {
		return err
	}
	e.proc = p
	source := binary.LittleEndian.AppendUint32(nil, uint32(len(evaluateSource)))
	if _, err := p.in.Write(append(source, evaluateSource...)); err != nil {
		return fmt.Errorf("%w: %s", e.ended(), p.stderr)
	}
	hello := map[string]any{"chars": e.text.chars, "depth": e.text.depth, "items": e.text.items, "memory": evaluationMemory}
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, fmt.Errorf("no answer in %v", startTime))
	defer cancel()
	if _, err := e.ask(ctx, marshalValue(nil, hello)); err != nil {
		return fmt.Errorf("%w: %s", err, p.stderr)
	}
	return nil
}

// ask sends a block and reads the one that answers it. The end of ctx kills the interpreter.
func (e *Evaluator) ask(ctx context.Context, block []byte) ([]byte, error) {
	p := e.proc
	release := context.AfterFunc(ctx, p.kill)
	reply, err := p.ask(block)
	if !release() {
		e.stop()
		if err != nil {
			return nil, context.Cause(ctx)
		}
		return reply, nil
	}
	if errors.Is(err, errWire) {
		e.stop()
		return nil, err
	}
	if err != nil {
		return nil, e.ended()
	}
	return reply, nil
}

func (p *evaluatorProcess) ask(block []byte) ([]byte, error) {
	block = append(binary.LittleEndian.AppendUint32(make([]byte, 0, 4+len(block)), uint32(len(block))), block...)
	if _, err := p.in.Write(block); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(p.out, size[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n > maxBlock {
		return nil, errWire
	}
	reply := make([]byte, n)
	_, err := io.ReadFull(p.out, reply)
	return reply, err
}

func (p *evaluatorProcess) kill() { killProcess(p.cmd.Process.Pid, true, syscall.SIGKILL) }

// ended waits for an interpreter that has closed its end of the pipe, and says how it ended.
func (e *Evaluator) ended() error {
	p := e.proc
	late := time.AfterFunc(grace, p.kill)
	p.in.Close()
	p.cmd.Wait()
	late.Stop()
	e.stop()
	return fmt.Errorf("the interpreter ended: %v", p.cmd.ProcessState)
}

// stop ends the interpreter, with all that it has started, if it runs.
func (e *Evaluator) stop() {
	p := e.proc
	if p == nil {
		return
	}
	e.proc = nil
	p.in.Close()
	p.kill()
	p.cmd.Wait()
}
