package dataset

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/neural-debugger/ndb/traces"
)

// Show gives one trace of the dataset in dir to sink. It is named by its position, from 0,
// by the beginning of its trace id (8 digits at least), or by its row's own id, of which
// the first trace is taken.
func Show(ctx context.Context, dir, name string, sink traces.Sink) error {
	m, err := ReadManifest(dir)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(name, 10, 64)
	isIndex := err == nil && len(name) < 8
	if isIndex && (index < 0 || index >= m.Total.Traces) {
		return fmt.Errorf("%s: no trace %d: it holds %d, counted from 0", dir, index, m.Total.Traces)
	}
	for _, c := range m.Files {
		if isIndex && index >= c.Traces {
			index -= c.Traces
			continue
		}
		found := false
		at := int64(-1)
		join := traces.NewJoiner(into(sink))
		err := eachRow(ctx, dir, c.File, func(r *traces.Row) error {
			if r.Part == 0 {
				if found {
					return errFound
				}
				at++
				found = isIndex && at == index ||
					!isIndex && (r.ID == name || len(name) >= 8 && strings.HasPrefix(r.TraceID, name))
			}
			if !found {
				return nil
			}
			return join.Add(r)
		})
		if err != nil && !errors.Is(err, errFound) {
			return err
		}
		if found {
			return join.Close()
		}
	}
	return fmt.Errorf("%s: no trace %s", dir, name)
}

// into opens sink for every trace.
func into(sink traces.Sink) func(*traces.Header) (traces.Sink, error) {
	return func(*traces.Header) (traces.Sink, error) { return sink, nil }
}
