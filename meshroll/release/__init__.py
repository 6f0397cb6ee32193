"""From a stack to the plan of its releases: what `pulumi up` and the command line share, without Pulumi."""
