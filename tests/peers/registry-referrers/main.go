// Registry-referrers is an in-memory OCI registry with the referrers API,
// for tests that need a registry which answers it. It binds to loopback only.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("registry-referrers: ")
	address := flag.String("address", "127.0.0.1:0", "loopback address to listen on; port 0 takes a free one")
	logPath := flag.String("log", "", "append one line per answered request to this file: method, path with query, status")
	flag.Parse()
	if err := run(*address, *logPath); err != nil {
		log.Fatal(err)
	}
}

// run serves until the process is ended. The first line on stdout is the
// address that was bound.
func run(address, logPath string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if bound := listener.Addr().(*net.TCPAddr); !bound.IP.IsLoopback() {
		return fmt.Errorf("%s is not a loopback address", bound)
	}
	handler := registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
	if logPath != "" {
		file, err := os.OpenFile(logPath, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		handler = logged(handler, log.New(file, "", 0))
	}
	fmt.Println(listener.Addr())
	return http.Serve(listener, handler)
}

// logged writes one line to lines for every request that next has answered.
func logged(next http.Handler, lines *log.Logger) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		answer := &recorder{ResponseWriter: response, status: http.StatusOK}
		next.ServeHTTP(answer, request)
		lines.Printf("%s %s %d", request.Method, request.URL.RequestURI(), answer.status)
	})
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}
