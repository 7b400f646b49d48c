// The tests measure what a thread and its descriptors do, and start children, so they take turns.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
