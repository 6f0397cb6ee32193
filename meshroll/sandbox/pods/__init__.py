"""What runs in the sandbox's work clusters in place of a kubelet and of the hosted mesh's synchronizer.

The runner gives every scheduled pod an own loopback address and a real listening process; the synchronizer copies
Istio resources from a work cluster to the control plane's, as the GlobalMesh says. Both are long-running programs.
"""
