package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

const maxLine = 16 << 20 // bytes of one input row, or one .py file

// A RowError says that a row of the input is no program.
type RowError struct {
	File string // as the user named it
	Line int    // from 1; 0 for a whole file
	Err  error
}

// Error implements error.
func (e *RowError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *RowError) Unwrap() error { return e.Err }

// An Input is one input as it was read. Its name is without the folder that it lies in, so
// that the same data gives the same manifest everywhere.
type Input struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of its bytes; of names and bytes for a folder
	Rows   int64  `json:"rows"`
}

// readInputs calls f with each program of the inputs, or with the [RowError] in its place,
// in a fixed order: inputs as given, lines as they stand, folders sorted. Standard input,
// named "-", is read from stdin. An error of f ends the reading.
func readInputs(names []string, stdin io.ReadSeeker, f func(*Program, *RowError) error) ([]Input, error) {
	var inputs []Input
	for _, name := range names {
		in, err := readInput(name, stdin, f)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

func readInput(name string, stdin io.ReadSeeker, f func(*Program, *RowError) error) (Input, error) {
	in := Input{Name: filepath.Base(name)}
	sum := sha256.New()
	count := func(p *Program, e *RowError) error {
		in.Rows++
		return f(p, e)
	}
	err := func() error {
		if name == "-" {
			if _, err := stdin.Seek(0, io.SeekStart); err != nil {
				return err
			}
			return readLines("standard input", io.TeeReader(stdin, sum), count)
		}
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return readFolder(name, sum, count)
		}
		return readFile(name, sum, count)
	}()
	var stopped *stop
	switch {
	case errors.As(err, &stopped):
		return in, stopped.err
	case err != nil:
		return in, fmt.Errorf("read input %s: %w", name, noPath(err))
	case in.Rows == 0:
		return in, fmt.Errorf("read input %s: no rows", name)
	}
	in.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return in, nil
}

// A stop is an error of the caller's function, told apart from those of reading.
type stop struct{ err error }

func (s *stop) Error() string { return s.err.Error() }

// noPath takes the file name off an error of the os package, where ours already has it.
func noPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func readFile(name string, sum hash.Hash, f func(*Program, *RowError) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	var r io.Reader = io.TeeReader(file, sum)
	base := strings.ToLower(name)
	switch ext := filepath.Ext(base); ext {
	case ".py":
		return readSource(r, filepath.Base(name), name, "", f)
	case ".gz":
		if r, err = gzip.NewReader(bufio.NewReader(r)); err != nil {
			return err
		}
		base = strings.TrimSuffix(base, ext)
	case ".zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			return err
		}
		defer z.Close()
		r, base = z, strings.TrimSuffix(base, ext)
	}
	switch filepath.Ext(base) {
	case ".jsonl", ".json", ".ndjson":
		return readLines(name, r, f)
	}
	return errors.New("unknown kind of input (known: .jsonl, .json, .ndjson, each also with .gz or .zst; .py; a folder; -)")
}

// readFolder reads the .py files below dir in lexical order, but not in hidden folders
// and __pycache__. Files without text, such as most __init__.py, are passed over.
func readFolder(dir string, sum hash.Hash, f func(*Program, *RowError) error) error {
	found := false
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "__pycache__"):
			return fs.SkipDir
		case d.IsDir() || !d.Type().IsRegular() || filepath.Ext(name) != ".py":
			return nil
		}
		found = true
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		fmt.Fprintf(sum, "%s\x00", rel)
		return readSource(io.TeeReader(file, sum), rel, name, rel, f)
	})
	if err == nil && !found {
		return errors.New("no .py file in this folder")
	}
	return err
}

// readSource reads one .py file. Path is its place in a folder of programs, "" outside one.
func readSource(r io.Reader, id, name, path string, f func(*Program, *RowError) error) error {
	text, err := io.ReadAll(io.LimitReader(r, maxLine+1))
	if err != nil {
		return err
	}
	p := &Program{ID: id, File: filepath.Base(name), Code: string(bytes.TrimPrefix(text, []byte("\ufeff"))), Path: path}
	switch {
	case len(text) > maxLine:
		err = fmt.Errorf("longer than %d MiB", maxLine>>20)
		if _, e := io.Copy(io.Discard, r); e != nil {
			return e
		}
	case !utf8.Valid(text):
		err = errors.New("not UTF-8")
	case path != "" && strings.TrimSpace(p.Code) == "":
		return nil
	default:
		err = p.check()
	}
	if err != nil {
		return caller(f(nil, &RowError{File: name, Err: err}))
	}
	return caller(f(p, nil))
}

// readLines reads one JSON object a line.
func readLines(name string, r io.Reader, f func(*Program, *RowError) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var line []byte
	for n := 1; ; n++ {
		var err error
		var long bool
		line, long, err = readLine(in, line[:0])
		if err != nil && err != io.EOF {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			var p *Program
			e := fmt.Errorf("longer than %d MiB", maxLine>>20)
			if !long {
				p, e = parseRow(text, fmt.Sprintf("%s:%d", filepath.Base(name), n))
			}
			var bad *RowError
			if e != nil {
				p, bad = nil, &RowError{File: name, Line: n, Err: e}
			}
			if err := caller(f(p, bad)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// readLine appends the next line to buf; of one longer than maxLine, only its beginning.
func readLine(in *bufio.Reader, buf []byte) (line []byte, long bool, err error) {
	for {
		piece, err := in.ReadSlice('\n')
		if len(buf)+len(piece) > maxLine {
			long = true
		} else {
			buf = append(buf, piece...)
		}
		if err != bufio.ErrBufferFull {
			return buf, long, err
		}
	}
}

func caller(err error) error {
	if err == nil {
		return nil
	}
	return &stop{err}
}
