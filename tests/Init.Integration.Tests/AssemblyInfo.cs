// Most tests wait most of the time, so a few classes run at the same time; more would make a small machine too slow for deadlines.
[assembly: Xunit.CollectionBehavior(MaxParallelThreads = 3)]
