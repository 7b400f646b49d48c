// The tests start children and reap "any" of them, so they take turns.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
