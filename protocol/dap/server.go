package dap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// A Server debugs programs for clients of the Debug Adapter Protocol.
//
// Its goroutines, each with who starts it and what ends it:
//
//  1. [Server.Serve], the caller's, accepts connections until ctx ends or the listener fails.
//  2. One for each connection, started by 1, or the caller's in [Server.ServeConn]: the
//     session's loop. It owns all that the session knows, takes requests in order, and
//     answers at once those that need no engine: pause, cancel, disconnect, terminate. It
//     ends after disconnect, when the client is gone, or when ctx ends, and then ends 3 and
//     4, closes the engine and the connection.
//  3. The reader, started by 2, hands it one message after another. It ends when the
//     connection is closed. (Where closing does not end a Read, as with standard input, it
//     ends with the process.)
//  4. An engine call, started by 2, one at a time: a move, or a request that looks at the
//     program. While one is under way it owns the [debugger.Session] and what is found out
//     by it. It ends by itself or when 2 cancels its context.
//
// Beside them there are those of an engine that tells things while its program runs
// ([debugger.Streamer]); they end when the engine is closed, and write to the connection only.
type Server struct {
	Launcher Launcher
	// Log takes what the person should know who started the server; may be nil. It is called
	// from several goroutines.
	Log func(text string)
	// ProgressAfter is after how long a client is shown that something takes its time; 0
	// means half a second.
	ProgressAfter time.Duration
}

// Serve accepts clients, each with its own session, until ctx ends; it returns nil then,
// when all sessions have ended. It closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	defer cancel()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			l.Close()
			return fmt.Errorf("accept a client: %w", err)
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.SetNoDelay(true) // Go's default; a step must not wait 40 ms for it
		}
		sessions.Go(func() {
			if err := s.ServeConn(ctx, conn); err != nil {
				s.log(fmt.Sprintf("client %s: %v", conn.RemoteAddr(), err))
			}
		})
	}
}

func (s *Server) log(text string) {
	if s.Log != nil {
		s.Log(text)
	}
}

// drainTime is how long a client may take to close a connection that we are done with.
const drainTime = time.Second

// ServeConn serves one client until the session or the connection ends, and closes it. The
// error says how the connection failed; that it was closed is none.
func (s *Server) ServeConn(ctx context.Context, conn io.ReadWriteCloser) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := make(chan incoming)
	ss := newSession(s, ctx, conn)
	go read(ctx, conn, in)
	err := ss.loop(in)
	// The last answer may still be under way: closing now, with requests unread, could take it
	// back. So the client gets the time to close first.
	if half, ok := conn.(interface {
		CloseWrite() error
		SetReadDeadline(time.Time) error
	}); ok && err == nil && ctx.Err() == nil && half.CloseWrite() == nil && half.SetReadDeadline(time.Now().Add(drainTime)) == nil {
		for m := range in {
			if m.err != nil && !errors.As(m.err, &badMessage{}) {
				break
			}
		}
	}
	cancel()
	conn.Close()
	return err
}
