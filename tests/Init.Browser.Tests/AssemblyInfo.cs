// A browser and an Init for each class; one after another, for a small machine draws slowly.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
