package cpython

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/neural-debugger/ndb/traces"
)

func header() traces.Header {
	return traces.Header{Limits: traces.Limits{ValueChars: 200, ValueDepth: 5, ValueItems: 10}}
}

func discarding(*traces.Header) (traces.Sink, error) { return discard{}, nil }

type discard struct{}

func (discard) Begin(*traces.Header) error  { return nil }
func (discard) File(*traces.File) error     { return nil }
func (discard) Event(*traces.Event) error   { return nil }
func (discard) Output(*traces.Output) error { return nil }
func (discard) End(*traces.Outcome) error   { return nil }

// Values in marshal's format, for making wires by hand.
func mInts(n int) []byte { return binary.LittleEndian.AppendUint32([]byte{mInt}, uint32(n)) }
func mText(s string) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte{mUnic}, uint32(len(s))), s...)
}
func mOf(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte{mByts}, uint32(len(b))), b...)
}
func mTuple(v ...[]byte) []byte { return mSequence(mTupl, v) }
func mListOf(v ...[]byte) []byte {
	return mSequence(mList, v)
}

func mSequence(code byte, v [][]byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte{code}, uint32(len(v)))
	return append(out, bytes.Join(v, nil)...)
}

// wireOf is a recording of one function: call, line, line, return and the end.
func wireOf() []byte {
	return mListOf(
		mTuple(mInts(wFile), mText("p.py"), mOf([]byte("def f(x):\n    return x\n"))),
		mTuple(mInts(wName), mText("x")),
		mTuple(mInts(wCode), mInts(0), mInts(1), mText("f"), mInts(0)),
		mTuple(mInts(wCall), mInts(0), mInts(0), mInts(5)),
		mInts(2),
		mTuple(mInts(2), mInts(0), mOf(mTuple([]byte{mStop}, mText("obj"), mText("A"), mText("A"), mInts(1), mListOf(mText("v"), mInts(2))))),
		mTuple(mInts(wReturn), mInts(2), mText("end")),
		mTuple(mInts(wEnd), mText("ok"), mInts(0), []byte{mNone}, []byte{mNone}),
	)
}

func wireSeeds() [][]byte {
	node := func(v ...[]byte) []byte { return mTuple(append([][]byte{{mStop}}, v...)...) }
	return [][]byte{
		wireOf(),
		mTuple(mInts(1), mText("a"), []byte{mNone}),
		node(mText("cut"), mText("list"), mInts(9), mListOf(mInts(1))),
		node(mText("cut"), mText("set"), mInts(-1), mListOf()),
		node(mText("text"), mText("str"), mInts(900), mText("head")),
		node(mText("int"), mInts(70000), []byte{mTrue}),
		node(mText("as"), mText("Sub"), mListOf()),
		node(mText("wrap"), mText("method"), mText("bound "), []byte{mNone}),
		node(mText("call"), mText("P"), mText("P"), mListOf(mText("x"), mInts(1), []byte{mNone}, mInts(2), mText(""), mInts(7))),
		{mDict, mInt, 1, 0, 0, 0, mNone, mNull},
		{mLong, 3, 0, 0, 0, 1, 0, 2, 0, 3, 0},
		bytes.Repeat([]byte{mList, 1, 0, 0, 0}, 3000),
		{mList, 0xff, 0xff, 0xff, 0x7f},
		{mTupl, 0xff, 0xff, 0xff, 0x7f, mStop, mUnic},
	}
}

func TestWire(t *testing.T) {
	var tr traces.Trace
	rec := newRecording(header(), 14, func(*traces.Header) (traces.Sink, error) { return &tr, nil })
	if err := rec.begin(); err != nil {
		t.Fatal(err)
	}
	if err := rec.block(wireOf()); err != nil {
		t.Fatal(err)
	}
	if n := len(tr.Events); n != 4 || tr.Events[2].Locals[0].Text != "<A #1 v=2>" || rec.end.Status != traces.OK {
		t.Errorf("%d events, %+v", n, tr.Events)
	}
	if err := rec.block(mListOf(mInts(1))); !errors.Is(err, errWire) {
		t.Errorf("after the end: %v", err)
	}
}

// TestWireCut cuts a wire at every byte: no panic, and the events before the cut are kept.
func TestWireCut(t *testing.T) {
	whole := wireOf()
	framed := append(binary.LittleEndian.AppendUint32(nil, uint32(len(whole))), whole...)
	last := 0
	for n := range framed {
		rec := newRecording(header(), 14, discarding)
		if err := rec.begin(); err != nil {
			t.Fatal(err)
		}
		if err := rec.read(bytes.NewReader(framed[:n]), &watch{}); err != nil || rec.events != 0 {
			t.Errorf("cut at %d: %v, %d events of half a block", n, err, rec.events)
		}
		if n >= len(whole) {
			continue
		}
		if rec.block(whole[:n]) == nil {
			t.Errorf("a block cut at %d is no error", n)
		}
		if int(rec.events) < last {
			t.Errorf("cut at %d: %d events, %d before", n, rec.events, last)
		}
		last = int(rec.events)
	}
}
