package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// provider answers Hello over gRPC without TLS.
type provider struct {
	me          identity
	failPercent float64
	traffic     *activity
	grpc        *grpc.Server
}

func newProvider(me identity, failPercent string, traffic *activity) (*provider, error) {
	p := &provider{me: me, traffic: traffic, grpc: grpc.NewServer()}
	if failPercent != "" {
		share, err := strconv.ParseFloat(failPercent, 64)
		if err != nil || share < 0 || share > 100 {
			return nil, fmt.Errorf("FAIL_PERCENT is %q, expected a number from 0 to 100", failPercent)
		}
		p.failPercent = share
	}
	p.grpc.RegisterService(&greeterService, p)
	return p, nil
}

func (p *provider) hello(_ context.Context, name *wrapperspb.StringValue) (*structpb.Struct, error) {
	p.traffic.touch()
	if p.failPercent > 0 && rand.Float64()*100 < p.failPercent {
		return nil, status.Errorf(codes.Internal, "%s fails on purpose (FAIL_PERCENT=%g)", p.me.Hostname, p.failPercent)
	}
	return &structpb.Struct{Fields: map[string]*structpb.Value{
		"message":  structpb.NewStringValue("Hello " + name.GetValue()),
		"hostname": structpb.NewStringValue(p.me.Hostname),
		"version":  structpb.NewStringValue(p.me.Version),
	}}, nil
}

func (p *provider) serve(listener net.Listener) error {
	if err := p.grpc.Serve(listener); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

func (p *provider) stop(ctx context.Context) {
	defer context.AfterFunc(ctx, p.grpc.Stop)()
	p.grpc.GracefulStop()
}
