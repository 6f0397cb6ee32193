// Command workload is the sandbox's stand-in for the images of the example services: `workload consumer` answers
// GET /hello over HTTP and calls the provider through the mesh, `workload provider` answers that call over gRPC.
// One process is one pod. Configuration comes from the environment alone, as a container's would:
//
//	POD_IP         the only address that is bound
//	PORT           the port (consumer 8080, provider 20880 when absent)
//	POD_NAME, POD_NAMESPACE, VERSION   who answers
//	PROVIDER_URL   consumer: tri://HOST:PORT of the provider's Service
//	GRPC_XDS_BOOTSTRAP_CONFIG          consumer: the node and the control plane, read by gRPC itself
//	FAIL_PERCENT   provider: share of calls answered with an error, 0 when absent
//
// SIGTERM drains: the process serves on until no call has come for drainQuiet (the mesh needs a moment to forget the
// address), then finishes what is running and ends with code 0. A second SIGTERM ends it at once.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	drainQuiet = 600 * time.Millisecond
	drainMax   = 5 * time.Second
)

// Identity is who answers; it is in every answer.
type identity struct {
	Hostname string `json:"hostname"`
	Version  string `json:"version"`
}

// server is one listening program: serve blocks until stop was called, stop lets running calls end.
type server interface {
	serve(listener net.Listener) error
	stop(ctx context.Context)
}

func main() {
	// The live heap is a few megabytes: collecting at twice its size would collect many times a second under load.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "workload:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("expected one argument, consumer or provider, not %q", arguments)
	}
	me := identity{Hostname: os.Getenv("POD_NAME"), Version: os.Getenv("VERSION")}
	traffic := &activity{}
	var program server
	var port string
	var err error
	switch arguments[0] {
	case "consumer":
		port = "8080"
		program, err = newConsumer(me, os.Getenv("PROVIDER_URL"), os.Getenv("POD_NAMESPACE"), traffic)
	case "provider":
		port = "20880"
		program, err = newProvider(me, os.Getenv("FAIL_PERCENT"), traffic)
	default:
		return fmt.Errorf("unknown workload %q, expected consumer or provider", arguments[0])
	}
	if err != nil {
		return err
	}
	if set := os.Getenv("PORT"); set != "" {
		port = set
	}
	address := os.Getenv("POD_IP")
	if net.ParseIP(address) == nil {
		return fmt.Errorf("POD_IP is %q, expected an IP address", address)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(address, port))
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		<-signals
		fmt.Println("draining")
		ctx, cancel := context.WithTimeout(context.Background(), drainMax)
		defer cancel()
		go func() {
			<-signals
			cancel()
		}()
		traffic.waitQuiet(ctx, drainQuiet)
		program.stop(ctx)
	}()
	fmt.Printf("%s %s of version %q listens on %s\n", arguments[0], me.Hostname, me.Version, listener.Addr())
	if err := program.serve(listener); err != nil {
		return err
	}
	<-drained
	fmt.Println("stopped")
	return nil
}

// activity remembers when the last call came.
type activity struct{ last atomic.Int64 }

func (a *activity) touch() { a.last.Store(time.Now().UnixNano()) }

// waitQuiet returns when no call has come for a while, counted from now on, or when ctx ends.
func (a *activity) waitQuiet(ctx context.Context, quiet time.Duration) {
	a.touch()
	for {
		rest := quiet - time.Since(time.Unix(0, a.last.Load()))
		if rest <= 0 {
			return
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return
		}
	}
}
