package cpython

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/neural-debugger/ndb/traces"
)

func newFile(path string, source []byte) traces.File {
	sum := sha256.Sum256(source)
	text := strings.TrimPrefix(cleanText(source), "\ufeff")
	return traces.File{Path: path, Source: text, SHA256: hex.EncodeToString(sum[:])}
}

// splitLines splits source text as the interpreter numbers its lines.
func splitLines(source string) []string {
	source = strings.ReplaceAll(source, "\r\n", "\n")
	source = strings.ReplaceAll(source, "\r", "\n")
	lines := strings.Split(source, "\n")
	if len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// defLine returns the line of the def or class statement whose decorators start at line.
func defLine(lines []string, line int) int {
	if line > len(lines) || !strings.HasPrefix(strings.TrimLeft(lines[line-1], " \t\f"), "@") {
		return line
	}
	indent := func(s string) int { return len(s) - len(strings.TrimLeft(s, " \t\f")) }
	want := indent(lines[line-1])
	for i := line; i < len(lines); i++ {
		s := strings.TrimLeft(lines[i], " \t\f")
		if indent(lines[i]) != want {
			continue
		}
		for _, word := range []string{"def ", "def\t", "class ", "class\t", "async "} {
			if strings.HasPrefix(s, word) {
				return i + 1
			}
		}
	}
	return line
}

// cleanText returns b as valid UTF-8: other bytes become \xNN, surrogates \uNNNN.
func cleanText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for i := 0; i < len(b); {
		c, size := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && size <= 1 {
			if b[i] == 0xed && i+2 < len(b) && b[i+1]&0xe0 == 0xa0 && b[i+2]&0xc0 == 0x80 {
				fmt.Fprintf(&out, `\u%04x`, rune(b[i]&0xf)<<12|rune(b[i+1]&0x3f)<<6|rune(b[i+2]&0x3f))
				i += 3
				continue
			}
			fmt.Fprintf(&out, `\x%02x`, b[i])
			i++
			continue
		}
		out.Write(b[i : i+size])
		i += size
	}
	return out.String()
}
