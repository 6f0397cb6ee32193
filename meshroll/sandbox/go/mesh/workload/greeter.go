package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// greeterMethod is the one call of the stand-ins. Its messages are well-known types, so that no generated code is needed:
// a StringValue with the name in, a Struct with message, hostname and version out.
const greeterMethod = "/meshroll.sandbox.Greeter/Hello"

// greeter is what a provider implements.
type greeter interface {
	hello(ctx context.Context, name *wrapperspb.StringValue) (*structpb.Struct, error)
}

var greeterService = grpc.ServiceDesc{
	ServiceName: "meshroll.sandbox.Greeter",
	HandlerType: (*greeter)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Hello", Handler: handleHello}},
}

func handleHello(implementation any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	name := new(wrapperspb.StringValue)
	if err := decode(name); err != nil {
		return nil, err
	}
	return implementation.(greeter).hello(ctx, name)
}
