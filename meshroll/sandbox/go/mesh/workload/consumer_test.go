package main

import "testing"

func TestMeshTargetIsTheFullNameOfTheProvidersService(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"tri://dubbo3-provider:20880", "xds:///dubbo3-provider.dubbo.svc.cluster.local:20880"},
		{"tri://dubbo3-provider.other:20880", "xds:///dubbo3-provider.other.svc.cluster.local:20880"},
		{"tri://dubbo3-provider.other.svc:20880", "xds:///dubbo3-provider.other.svc.cluster.local:20880"},
		{"tri://api.example.com:443", "xds:///api.example.com:443"},
	} {
		got, err := meshTarget(c.url, "dubbo")
		if err != nil || got != c.want {
			t.Errorf("meshTarget(%q) = %q, %v; want %q", c.url, got, err, c.want)
		}
	}
}

func TestMeshTargetRefusesAURLWithoutPort(t *testing.T) {
	if _, err := meshTarget("tri://dubbo3-provider", "dubbo"); err == nil ||
		err.Error() != `PROVIDER_URL is "tri://dubbo3-provider", expected tri://HOST:PORT` {
		t.Errorf("got %v", err)
	}
}
