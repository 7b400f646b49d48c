// The tests measure times and count processes of a small machine, so they take turns.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
