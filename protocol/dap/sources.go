package dap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/google/go-dap"

	"github.com/neural-debugger/ndb/debugger"
	"github.com/neural-debugger/ndb/traces"
)

// paths translates between paths of events, relative to the program's folder or absolute,
// and paths of the client.
type paths struct {
	root string // absolute
	real string // root without links
	uris bool   // the client writes file:// URIs
}

func newPaths(root string, uris bool) paths {
	p := paths{root: root, real: root, uris: uris}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		p.real = real
	}
	return p
}

// native returns the absolute path of a file of an event.
func (p *paths) native(file string) string {
	file = filepath.FromSlash(file)
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(p.root, file)
}

// client returns a native path as the client writes it.
func (p *paths) client(native string) string {
	if !p.uris {
		return native
	}
	slashed := filepath.ToSlash(native)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	return (&url.URL{Scheme: "file", Path: slashed}).String()
}

// events returns what events may call a file that the client names by its path, the likeliest
// name first.
func (p *paths) events(name string) (files []string) {
	if u, err := url.Parse(name); err == nil && u.Scheme == "file" {
		name = u.Path
		if runtime.GOOS == "windows" {
			name = strings.TrimPrefix(name, "/")
		}
	}
	name = p.native(filepath.Clean(name))
	names := []string{name}
	if real, err := filepath.EvalSymlinks(name); err == nil && real != name {
		names = append(names, real)
	}
	for _, n := range names {
		for _, root := range []string{p.root, p.real} {
			if rel, err := filepath.Rel(root, n); err == nil && filepath.IsLocal(rel) {
				files = append(files, filepath.ToSlash(rel))
			}
		}
	}
	for _, n := range names {
		files = append(files, filepath.ToSlash(n))
	}
	return files
}

// file returns what events call a source of the client's.
func (s *session) file(source *dap.Source) (string, error) {
	if ref := source.SourceReference; ref > 0 {
		if ref > len(s.fileRefs) {
			return "", fail(idNoSource, "no source %d", ref)
		}
		return s.fileRefs[ref-1], nil
	}
	if source.Path == "" {
		return "", fail(idBadArguments, "a source needs a path or a sourceReference")
	}
	names := s.paths.events(source.Path)
	if sources, ok := s.debug.Engine().(debugger.Sources); ok {
		for _, n := range names {
			if f, ok := sources.Source(n); ok && f.Path == n {
				return n, nil
			}
		}
	}
	return names[0], nil
}

// source returns a file of an event as the client is told of it: with a reference to the text
// that the engine has if there is none on disk, or another one.
func (s *session) source(file string) *dap.Source {
	if file == "" {
		return nil
	}
	s.filesMu.Lock()
	defer s.filesMu.Unlock()
	if known := s.files[file]; known != nil {
		return known
	}
	native := s.paths.native(file)
	src := &dap.Source{Name: path.Base(file), Path: s.paths.client(native)}
	if sources, ok := s.debug.Engine().(debugger.Sources); ok {
		if f, ok := sources.Source(file); ok && f.Path == file {
			s.compare(src, &f, native)
		}
	}
	s.files[file] = src
	return src
}

// compare says of a source how the file on disk differs from the one that ran.
func (s *session) compare(src *dap.Source, f *traces.File, native string) {
	if f.SHA256 != "" {
		src.Checksums = []dap.Checksum{{Algorithm: "SHA256", Checksum: f.SHA256}}
	}
	b, err := os.ReadFile(native)
	sum := sha256.Sum256(b)
	switch {
	case err != nil:
		src.Origin = "the recording; there is no such file here"
		if pseudo(f.Path) {
			src.Path, src.Origin = "", "made by the program"
		}
	case hex.EncodeToString(sum[:]) != f.SHA256:
		src.Origin = "the recording; the file has changed since"
	default:
		return
	}
	s.fileRefs = append(s.fileRefs, f.Path)
	src.SourceReference = len(s.fileRefs)
}

// pseudo reports whether a name is no file's, such as <string>.
func pseudo(file string) bool {
	return strings.HasPrefix(file, "<") && strings.HasSuffix(file, ">")
}

func (s *session) clientLine(line int) int {
	if s.client.lines0 {
		return max(line-1, 0)
	}
	return line
}

func (s *session) engineLine(line int) int {
	if s.client.lines0 {
		return line + 1
	}
	return line
}

// firstColumn is where the client's columns begin.
func (s *session) firstColumn() int {
	if s.client.columns0 {
		return 0
	}
	return 1
}

func (s *session) onSource(_ context.Context, a *dap.SourceArguments) (*dap.SourceResponseBody, error) {
	source := a.Source
	if source == nil {
		source = &dap.Source{SourceReference: a.SourceReference}
	}
	file, err := s.file(source)
	if err != nil {
		return nil, err
	}
	if sources, ok := s.debug.Engine().(debugger.Sources); ok {
		if f, ok := sources.Source(file); ok && f.Path == file {
			return &dap.SourceResponseBody{Content: f.Source, MimeType: mimeType(file)}, nil
		}
	}
	return nil, fail(idNoSource, "%s is no file of the program", file)
}

func mimeType(file string) string {
	switch path.Ext(file) {
	case ".go":
		return "text/x-go"
	case ".py", ".pyw", "":
		return "text/x-python"
	}
	return "text/plain"
}

// known lists the program's files as far as the engine knows them.
func (s *session) known() []traces.File {
	if f, ok := s.debug.Engine().(debugger.Files); ok {
		return f.Files()
	}
	return nil
}

func (s *session) onLoadedSources(context.Context, *none) (*dap.LoadedSourcesResponseBody, error) {
	sources := []dap.Source{}
	for _, f := range s.known() {
		sources = append(sources, *s.source(f.Path))
	}
	return &dap.LoadedSourcesResponseBody{Sources: sources}, nil
}

func (s *session) onModules(_ context.Context, a *dap.ModulesArguments) (*modulesBody, error) {
	files := s.known()
	body := &modulesBody{Modules: []dap.Module{}, TotalModules: len(files)}
	for i := max(a.StartModule, 0); i < len(files) && (a.ModuleCount <= 0 || i < a.StartModule+a.ModuleCount); i++ {
		src := s.source(files[i].Path)
		body.Modules = append(body.Modules, dap.Module{Id: files[i].Path, Name: moduleName(files[i].Path), Path: src.Path, IsUserCode: !path.IsAbs(files[i].Path)})
	}
	return body, nil
}

// moduleName returns a module's name by its file.
func moduleName(file string) string {
	if path.IsAbs(file) {
		file = path.Base(file)
	}
	name := strings.TrimSuffix(file, path.Ext(file))
	return strings.ReplaceAll(strings.TrimSuffix(name, "/__init__"), "/", ".")
}
