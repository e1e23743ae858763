package dap

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// Bounds of what a client may send, in bytes.
const (
	maxMessage = 64 << 20
	maxHeader  = 1 << 20 // of what stands before a message, sense or nonsense
)

// A badMessage is an error of one message, after which the next one can be read.
type badMessage struct{ error }

// readMessage reads the content of one message. It takes header fields in any order and
// case, lines that end without a carriage return, and finds its way back after nonsense: the
// error is then a badMessage, and content is that of the message behind the nonsense, if any.
func readMessage(r *bufio.Reader) (content []byte, err error) {
	length, err := readHeader(r)
	var bad badMessage
	if err != nil && !errors.As(err, &bad) {
		return nil, err
	}
	if length < 0 {
		return nil, err
	}
	if length > maxMessage {
		if _, err := io.CopyN(io.Discard, r, length); err != nil {
			return nil, unexpected(err)
		}
		return nil, badMessage{fmt.Errorf("a message of %d bytes: %d are allowed", length, maxMessage)}
	}
	var b bytes.Buffer // grows as bytes come: a length is only a claim
	if _, readErr := io.CopyN(&b, r, length); readErr != nil {
		return nil, unexpected(readErr)
	}
	return b.Bytes(), err
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readHeader returns the length of the content that follows, or -1 and a badMessage.
func readHeader(r *bufio.Reader) (length int64, err error) {
	length = -1
	var nonsense error
	for read, lines := 0, 0; ; {
		line, err := r.ReadSlice('\n')
		read += len(line)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && lines == 0 && len(bytes.TrimSpace(line)) == 0:
			return -1, io.EOF
		case err != nil:
			return -1, unexpected(err)
		}
		if read > maxHeader {
			return -1, errors.New("no header in a megabyte")
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			if lines == 0 {
				continue // between messages
			}
			break
		}
		lines++
		if i := strings.LastIndex(strings.ToLower(text), "content-length:"); i > 0 {
			nonsense = fmt.Errorf("no header: %.80q", text[:i]) // content without a length, likely
			text = text[i:]
		}
		name, value, ok := strings.Cut(text, ":")
		switch {
		case !ok || strings.ContainsAny(name, " \t{}\"") || name == "":
			nonsense = fmt.Errorf("no header: %.80q", text)
		case strings.EqualFold(name, "content-length"):
			n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			if err != nil || n < 0 {
				nonsense = fmt.Errorf("header %.80q: the length is no number", text)
				break
			}
			length = n
		}
	}
	if length < 0 && nonsense == nil {
		nonsense = errors.New("a header without Content-Length")
	}
	if nonsense != nil {
		return length, badMessage{nonsense}
	}
	return length, nil
}

// A request is one as it comes.
type request struct {
	Seq       int             `json:"seq"`
	Type      string          `json:"type"`
	Command   string          `json:"command"`
	Arguments json.RawMessage `json:"arguments"`
}

// A response answers a request.
type response struct {
	Seq        int    `json:"seq"`
	Type       string `json:"type"`
	RequestSeq int    `json:"request_seq"`
	Success    bool   `json:"success"`
	Command    string `json:"command"`
	Message    string `json:"message,omitempty"`
	Body       any    `json:"body,omitempty"`
}

// An event is told unasked.
type event struct {
	Seq   int    `json:"seq"`
	Type  string `json:"type"`
	Event string `json:"event"`
	Body  any    `json:"body,omitempty"`
}

// A writer sends messages and numbers them. It may be used by several goroutines; once a
// message could not be sent, it drops all others.
type writer struct {
	mu     sync.Mutex
	w      io.Writer
	seq    int
	buf    bytes.Buffer
	failed error
}

func (w *writer) respond(r *response) {
	r.Type = "response"
	w.send(r, &r.Seq)
}

func (w *writer) event(name string, body any) {
	e := &event{Type: "event", Event: name, Body: body}
	w.send(e, &e.Seq)
}

// headerRoom is enough for a header.
const headerRoom = len("Content-Length: 9223372036854775807\r\n\r\n")

func (w *writer) send(m any, seq *int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return
	}
	w.seq++
	*seq = w.seq
	w.buf.Reset()
	w.buf.Write(make([]byte, headerRoom))
	e := json.NewEncoder(&w.buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		panic(err) // our own types
	}
	content := w.buf.Len() - headerRoom - 1 // without the encoder's newline
	header := fmt.Sprintf("Content-Length: %d\r\n\r\n", content)
	message := w.buf.Bytes()[headerRoom-len(header) : headerRoom+content]
	copy(message, header)
	_, w.failed = w.w.Write(message)
	if w.buf.Cap() > 1<<20 {
		w.buf = bytes.Buffer{}
	}
}
