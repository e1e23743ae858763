// Package daptest is a client of the Debug Adapter Protocol for tests and benchmarks: it
// sends a request, waits for the answer, and keeps the events that come in between. It can
// drive any adapter. Messages can be checked against the official JSON schema.
package daptest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-dap"
)

// Patience is how long a client waits for a message.
const Patience = 30 * time.Second

// A Client is one connection to an adapter. Whatever fails in it fails the test, but for
// requests that are answered with a failure. Its methods are called from the test's goroutine.
type Client struct {
	Capabilities dap.Capabilities // that the adapter has answered initialize with

	t      testing.TB
	conn   io.ReadWriteCloser
	schema *Schema // nil: messages are not checked
	seq    int
	last   int // seq of the last message of the adapter
	in     chan Message
	events []Message // not asked for yet
	answer map[int]Message
	ended  error
	closed sync.Once
}

// A Message is one that came from the adapter.
type Message struct {
	Seq        int             `json:"seq"`
	Type       string          `json:"type"`
	Event      string          `json:"event"`
	Command    string          `json:"command"`
	RequestSeq int             `json:"request_seq"`
	Success    bool            `json:"success"`
	Text       string          `json:"message"`
	Body       json.RawMessage `json:"body"`
	Raw        []byte          `json:"-"`
	err        error
}

// A Failure is an answer that says that a request failed.
type Failure struct {
	Command string
	ID      int    // of the error
	Text    string // of the error
	Short   string // the answer's message
}

// Error implements error.
func (f *Failure) Error() string { return fmt.Sprintf("%s: %s (%d)", f.Command, f.Text, f.ID) }

// New returns a client on a connection, which it closes at the end of the test. With a
// schema, all messages in both directions are checked.
func New(t testing.TB, conn io.ReadWriteCloser, schema *Schema) *Client {
	c := &Client{t: t, conn: conn, schema: schema, in: make(chan Message, 1024), answer: map[int]Message{}}
	go c.read()
	t.Cleanup(c.Close)
	return c
}

// Dial returns a client of an adapter that listens on a TCP address.
func Dial(t testing.TB, address string, schema *Schema) *Client {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return New(t, conn, schema)
}

// Close closes the connection, as a client does that vanishes.
func (c *Client) Close() {
	c.closed.Do(func() { c.conn.Close() })
}

// read takes messages until the connection ends.
func (c *Client) read() {
	defer close(c.in)
	r := textproto.NewReader(bufio.NewReaderSize(c.conn, 1<<16))
	for {
		header, err := r.ReadMIMEHeader()
		if err != nil {
			c.in <- Message{err: err}
			return
		}
		n, err := strconv.Atoi(header.Get("Content-Length"))
		if err != nil || n < 0 || n > 1<<28 {
			c.in <- Message{err: fmt.Errorf("Content-Length %q", header.Get("Content-Length"))}
			return
		}
		m := Message{Raw: make([]byte, n)}
		if _, err := io.ReadFull(r.R, m.Raw); err != nil {
			m.err = err
		} else if err := json.Unmarshal(m.Raw, &m); err != nil {
			m.err = fmt.Errorf("%w in %.200s", err, m.Raw)
		}
		c.in <- m
		if m.err != nil {
			return
		}
	}
}

// next waits for a message and puts it where it belongs; false after the last one.
func (c *Client) next(timer *time.Timer, waiting string) bool {
	c.t.Helper()
	if c.ended != nil {
		return false
	}
	select {
	case m, ok := <-c.in:
		if !ok || m.err != nil {
			c.ended = io.EOF
			if m.err != nil {
				c.ended = m.err
			}
			return false
		}
		if c.schema != nil {
			if err := c.schema.Check(m.Raw); err != nil {
				c.t.Errorf("from the adapter: %v\n%s", err, m.Raw)
			}
			if m.Seq <= c.last {
				c.t.Errorf("message %d comes after message %d", m.Seq, c.last)
			}
			c.last = m.Seq
		}
		if m.Type == "response" {
			if _, twice := c.answer[m.RequestSeq]; twice {
				c.t.Errorf("two answers to request %d: %s", m.RequestSeq, m.Raw)
			}
			c.answer[m.RequestSeq] = m
		} else {
			c.events = append(c.events, m)
		}
		return true
	case <-timer.C:
		c.t.Fatalf("no %s in %v; events: %s", waiting, Patience, c.eventNames())
		return false
	}
}

func (c *Client) eventNames() string {
	var names []string
	for _, e := range c.events {
		names = append(names, e.Event)
	}
	return strings.Join(names, ", ")
}

// Send sends a request and returns its number. Arguments may be nil.
func (c *Client) Send(command string, arguments any) int {
	c.t.Helper()
	c.seq++
	m := map[string]any{"seq": c.seq, "type": "request", "command": command}
	if arguments != nil {
		m["arguments"] = arguments
	}
	b, err := json.Marshal(m)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.schema != nil {
		if err := c.schema.Check(b); err != nil {
			c.t.Errorf("to the adapter: %v\n%s", err, b)
		}
	}
	c.SendRaw(fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(b), b))
	return c.seq
}

// SendRaw sends bytes as they are.
func (c *Client) SendRaw(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, s); err != nil && c.ended == nil {
		c.t.Logf("send: %v", err)
	}
}

// SetSeq makes the next request's number n+1, after requests that were sent raw.
func (c *Client) SetSeq(n int) { c.seq = n }

// Answer waits for the answer to a request by its number, and decodes its body, unless body
// is nil. The error is a [*Failure].
func (c *Client) Answer(seq int, body any) error {
	c.t.Helper()
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	for {
		if m, ok := c.answer[seq]; ok {
			delete(c.answer, seq)
			if !m.Success {
				var b dap.ErrorResponseBody
				json.Unmarshal(m.Body, &b)
				f := &Failure{Command: m.Command, Text: m.Text, Short: m.Text}
				if b.Error != nil {
					f.ID, f.Text = b.Error.Id, b.Error.Format
				}
				return f
			}
			if body != nil {
				if err := json.Unmarshal(m.Body, body); err != nil {
					c.t.Fatalf("%s: %v in %s", m.Command, err, m.Raw)
				}
			}
			return nil
		}
		if !c.next(timer, fmt.Sprintf("answer to request %d", seq)) {
			c.t.Fatalf("the adapter is gone (%v), no answer to request %d", c.ended, seq)
		}
	}
}

// Try sends a request and waits for the answer.
func (c *Client) Try(command string, arguments, body any) error {
	c.t.Helper()
	return c.Answer(c.Send(command, arguments), body)
}

// Do is Try for a request that must succeed.
func (c *Client) Do(command string, arguments, body any) {
	c.t.Helper()
	if err := c.Try(command, arguments, body); err != nil {
		c.t.Fatal(err)
	}
}

// Fail is Try for a request that must fail with the error of a number.
func (c *Client) Fail(id int, command string, arguments any) *Failure {
	c.t.Helper()
	return c.FailAnswer(id, c.Send(command, arguments))
}

// FailAnswer waits for an answer that must be a failure with a number.
func (c *Client) FailAnswer(id, seq int) *Failure {
	c.t.Helper()
	err := c.Answer(seq, nil)
	f, ok := err.(*Failure)
	if !ok {
		c.t.Fatalf("request %d succeeded, want error %d", seq, id)
	}
	if f.ID != id || f.Text == "" {
		c.t.Errorf("request %d: error %d %q, want %d", seq, f.ID, f.Text, id)
	}
	return f
}

// Event waits for the next event of one of the names, and decodes its body, unless body is
// nil. Events of other names are kept.
func (c *Client) Event(body any, names ...string) Message {
	c.t.Helper()
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	for {
		if i := slices.IndexFunc(c.events, func(m Message) bool { return slices.Contains(names, m.Event) }); i >= 0 {
			m := c.events[i]
			c.events = slices.Delete(c.events, i, i+1)
			if body != nil {
				if err := json.Unmarshal(m.Body, body); err != nil {
					c.t.Fatalf("%s: %v in %s", m.Event, err, m.Raw)
				}
			}
			return m
		}
		if !c.next(timer, strings.Join(names, " or ")) {
			c.t.Fatalf("the adapter is gone (%v), no %s; events: %s", c.ended, strings.Join(names, " or "), c.eventNames())
		}
	}
}

// Take returns the bodies of the events of a name that have come, and forgets them.
func (c *Client) Take(name string) (bodies []json.RawMessage) {
	c.events = slices.DeleteFunc(c.events, func(m Message) bool {
		if m.Event == name {
			bodies = append(bodies, m.Body)
		}
		return m.Event == name
	})
	return bodies
}

// Gone waits until the adapter has closed the connection.
func (c *Client) Gone() {
	c.t.Helper()
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	for c.next(timer, "end of the connection") {
	}
}

// await waits for one more message.
func (c *Client) await() bool {
	c.t.Helper()
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	return c.next(timer, "message")
}

func decode(b json.RawMessage, v any) error { return json.Unmarshal(b, v) }
