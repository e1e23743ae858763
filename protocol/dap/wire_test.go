package dap

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReadMessage(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"plain", "Content-Length: 2\r\n\r\n{}", "{} EOF"},
		{"two", "Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n[1]", "{} [1] EOF"},
		{"more fields, any case", "content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH:2\r\nX: y\r\n\r\n{}", "{} EOF"},
		{"plain newlines", "Content-Length: 2\n\n{}", "{} EOF"},
		{"blank lines between", "\r\n\r\nContent-Length: 2\r\n\r\n{}\r\n", "{} EOF"},
		{"empty", "", "EOF"},
		{"no length", "X: y\r\n\r\nContent-Length: 2\r\n\r\n{}", "bad {} EOF"},
		{"no number", "Content-Length: two\r\n\r\nContent-Length: 2\r\n\r\n{}", "bad {} EOF"},
		{"negative", "Content-Length: -1\r\n\r\nContent-Length: 2\r\n\r\n{}", "bad {} EOF"},
		{"content behind a length that is none", "Content-Length: two\r\n\r\n{\"a\":1}Content-Length: 2\r\n\r\n{}", "bad bad {} EOF"},
		{"nonsense", "hello\r\nContent-Length: 2\r\n\r\n{}", "bad {} EOF"},
		{"cut header", "Content-Len", "cut"},
		{"cut between", "Content-Length: 2\r\n", "cut"},
		{"cut content", "Content-Length: 20\r\n\r\n{}", "cut"},
		{"too long", "Content-Length: 99999999\r\n\r\n" + strings.Repeat(" ", 99999999) + "Content-Length: 2\r\n\r\n{}", "bad {} EOF"},
		{"endless line", strings.Repeat("a", 3*maxHeader), "failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := bufio.NewReader(strings.NewReader(test.in))
			var got []string
			for range 10 {
				content, err := readMessage(r)
				var bad badMessage
				switch {
				case errors.Is(err, io.ErrUnexpectedEOF):
					got = append(got, "cut")
				case errors.As(err, &bad):
					got = append(got, "bad")
				case errors.Is(err, io.EOF):
					got = append(got, "EOF")
				case err != nil:
					got = append(got, "failed")
				}
				if content != nil {
					got = append(got, string(content))
				}
				if err != nil && !errors.As(err, &bad) {
					break
				}
			}
			if s := strings.Join(got, " "); s != test.want {
				t.Errorf("%s, want %s", s, test.want)
			}
		})
	}
}

// Any bytes are read to their end without a fault, and what the writer wrote is read.
func FuzzReadMessage(f *testing.F) {
	for _, s := range []string{"", "Content-Length: 2\r\n\r\n{}", "Content-Length: 2\n\n{}Content-Length: 1\r\n\r\n", "a: b\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"{\"seq\":1}Content-Length: 3\r\n\r\nabc", "\r\n\r\n\r\n", "Content-Length: 4\r\nContent-Length: 2\r\n\r\n{}[]", ":\r\n\r\n", "CONTENT-LENGTH:0\r\n\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bufio.NewReader(bytes.NewReader(data))
		for n := 0; ; n++ {
			content, err := readMessage(r)
			if len(content) > len(data) || n > len(data)+1 {
				t.Fatalf("%d messages, the last of %d bytes, in %d bytes", n, len(content), len(data))
			}
			if err != nil && !errors.As(err, &badMessage{}) {
				break
			}
		}
		var out bytes.Buffer
		w := writer{w: &out}
		w.event("output", map[string]string{"output": string(data)})
		content, err := readMessage(bufio.NewReader(&out))
		var e struct {
			Seq  int
			Body struct{ Output string }
		}
		if err != nil || json.Unmarshal(content, &e) != nil || e.Seq != 1 || e.Body.Output != strings.ToValidUTF8(string(data), "\ufffd") && !strings.Contains(e.Body.Output, "\ufffd") {
			t.Fatalf("%q becomes %q: %v", data, content, err)
		}
	})
}
