// Tests count the sockets of the process, so they take turns.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
