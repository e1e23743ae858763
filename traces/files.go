package traces

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// A Format is a form of trace files.
type Format int

// The formats, with the endings of their files' names.
const (
	JSONL    Format = iota + 1 // .jsonl
	JSONLZst                   // .jsonl.zst
	Parquet                    // .parquet
)

// FormatOf tells a file's format by its name; "-" is JSONL.
func FormatOf(name string) (Format, error) {
	switch {
	case name == "-" || strings.HasSuffix(name, ".jsonl"):
		return JSONL, nil
	case strings.HasSuffix(name, ".jsonl.zst"):
		return JSONLZst, nil
	case strings.HasSuffix(name, ".parquet"):
		return Parquet, nil
	}
	return 0, fmt.Errorf("%s: the name of a trace file ends in .jsonl, .jsonl.zst or .parquet", name)
}

// A FileSink writes traces, one after another, into a file.
type FileSink struct {
	Sink
	closers []func() error
}

// Create creates a trace file, in the format that its name tells.
func Create(name string) (*FileSink, error) {
	format, err := FormatOf(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	s := &FileSink{closers: []func() error{f.Close}}
	switch format {
	case JSONL:
		s.Sink = NewJSONLWriter(f)
	case JSONLZst:
		// One worker keeps the bytes independent of the machine.
		z, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			f.Close()
			return nil, err
		}
		s.Sink = NewJSONLWriter(z)
		s.closers = append(s.closers, z.Close)
	case Parquet:
		p := NewParquetWriter(f)
		s.Sink = p
		s.closers = append(s.closers, p.Close)
	}
	return s, nil
}

// Close finishes the file.
func (s *FileSink) Close() error {
	var err error
	for i := len(s.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, s.closers[i]())
	}
	return err
}

// ReadFile reads the traces in a file; see [ReadJSONL] for the rest.
func ReadFile(name string, open func(*Header) (Sink, error)) error {
	format, err := FormatOf(name)
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	switch format {
	case Parquet:
		info, err := f.Stat()
		if err != nil {
			return err
		}
		err = ReadParquet(f, info.Size(), open)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	case JSONLZst:
		z, err := zstd.NewReader(bufio.NewReader(f), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		defer z.Close()
		err = ReadJSONL(endsEarly{z}, open)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	if err := ReadJSONL(f, open); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// endsEarly passes what can still be read of a compressed file that was cut short, as if
// it had been cut before compression.
type endsEarly struct{ r io.Reader }

func (e endsEarly) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}
