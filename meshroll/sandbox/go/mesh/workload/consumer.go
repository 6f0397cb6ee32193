package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds" // the xds:/// scheme: this process is its own sidecar
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// laneHeader is the request header that is passed on to the provider, where the mesh may route by it.
const laneHeader = "lane"

const callTimeout = 3 * time.Second

// consumer answers GET /hello?name=… with what the provider says.
type consumer struct {
	me       identity
	provider *grpc.ClientConn
	traffic  *activity
	http     *http.Server
}

type answer struct {
	Message  string   `json:"message"`
	Consumer identity `json:"consumer"`
	Provider identity `json:"provider"`
}

type failure struct {
	Error    string   `json:"error"`
	Consumer identity `json:"consumer"`
}

func newConsumer(me identity, providerURL, namespace string, traffic *activity) (*consumer, error) {
	target, err := meshTarget(providerURL, namespace)
	if err != nil {
		return nil, err
	}
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	// Joins the mesh before the first request: a pod that is Ready knows its routes.
	connection.Connect()
	c := &consumer{me: me, provider: connection, traffic: traffic}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", c.hello)
	c.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return c, nil
}

// meshTarget makes the xDS name of a provider's Service: a host without a domain is one of the pod's own namespace.
func meshTarget(providerURL, namespace string) (string, error) {
	parsed, err := url.Parse(providerURL)
	if err != nil || parsed.Hostname() == "" || parsed.Port() == "" {
		return "", fmt.Errorf("PROVIDER_URL is %q, expected tri://HOST:PORT", providerURL)
	}
	host := parsed.Hostname()
	switch strings.Count(host, ".") {
	case 0:
		host += "." + namespace + ".svc.cluster.local"
	case 1:
		host += ".svc.cluster.local"
	case 2:
		if strings.HasSuffix(host, ".svc") {
			host += ".cluster.local"
		}
	}
	return "xds:///" + net.JoinHostPort(host, parsed.Port()), nil
}

func (c *consumer) hello(w http.ResponseWriter, r *http.Request) {
	c.traffic.touch()
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()
	for _, lane := range r.Header.Values(laneHeader) {
		ctx = metadata.AppendToOutgoingContext(ctx, laneHeader, lane)
	}
	said := new(structpb.Struct)
	if err := c.provider.Invoke(ctx, greeterMethod, wrapperspb.String(r.URL.Query().Get("name")), said); err != nil {
		reason := status.Convert(err)
		write(w, http.StatusServiceUnavailable,
			failure{Error: fmt.Sprintf("provider: %s: %s", reason.Code(), reason.Message()), Consumer: c.me})
		return
	}
	fields := said.GetFields()
	write(w, http.StatusOK, answer{
		Message:  fields["message"].GetStringValue(),
		Consumer: c.me,
		Provider: identity{Hostname: fields["hostname"].GetStringValue(), Version: fields["version"].GetStringValue()},
	})
}

func write(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func (c *consumer) serve(listener net.Listener) error {
	if err := c.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (c *consumer) stop(ctx context.Context) {
	_ = c.http.Shutdown(ctx)
	_ = c.provider.Close()
}
