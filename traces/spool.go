package traces

import (
	"fmt"
	"io"
	"os"
)

// A spool keeps bytes that are appended and read again at any place: in memory up to a
// limit, what is beyond it in a temporary file. It lives for one run only.
type spool struct {
	dir   string // of the file; "" for the system's folder
	limit int    // bytes kept in memory
	buf   []byte // the end; what is before is in file
	file  *os.File
	begin int64 // where buf begins
}

// room returns the buffer to append to; what is appended goes to keep.
func (s *spool) room() []byte { return s.buf }

// keep takes the buffer that room returned, with what was appended to it, and returns how
// many bytes that were.
func (s *spool) keep(buf []byte) (int, error) {
	n := len(buf) - len(s.buf)
	s.buf = buf
	if len(buf) < s.limit {
		return n, nil
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "ndb-trace-*")
		if err != nil {
			return n, fmt.Errorf("spool trace: %w", err)
		}
		os.Remove(f.Name()) // where the system allows it, nothing is left even if we are killed
		s.file = f
	}
	if _, err := s.file.Write(buf); err != nil {
		return n, fmt.Errorf("spool trace: %w", err)
	}
	s.begin += int64(len(buf))
	s.buf = buf[:0]
	return n, nil
}

func (s *spool) size() int64 { return s.begin + int64(len(s.buf)) }

// ReadAt implements [io.ReaderAt].
func (s *spool) ReadAt(p []byte, off int64) (n int, err error) {
	if off < s.begin {
		n, err = s.file.ReadAt(p[:min(int64(len(p)), s.begin-off)], off)
		if err != nil {
			return n, fmt.Errorf("read spooled trace: %w", err)
		}
		off += int64(n)
	}
	if n < len(p) && off < s.size() {
		n += copy(p[n:], s.buf[off-s.begin:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Close frees what is kept.
func (s *spool) Close() error {
	s.buf, s.begin = nil, 0
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	os.Remove(s.file.Name())
	s.file = nil
	return err
}
